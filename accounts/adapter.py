"""The project's hooks in allauth: redirects and mail."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages

from accounts.models import User

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def is_safe_url(self, url: str) -> bool:
        """As allauth, but what is no address (`http://[`) is not safe."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False

    def send_mail(
        self, template_prefix: str, email: str, context: dict[str, Any]
    ) -> None:
        """Send as allauth does; a failing mail server does not fail the sign-up."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException):
            logger.exception("Sending an e-mail failed (%s)", template_prefix)
            messages.error(
                self.request,
                "We could not send you an e-mail. Try again in a few minutes.",
            )

    def send_password_reset_mail(
        self, user: User, email: str, context: dict[str, Any]
    ) -> None:
        """Send as allauth does, but not to imported people, who have no password."""
        if not user.is_imported:
            super().send_password_reset_mail(user, email, context)
