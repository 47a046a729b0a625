"""Where allauth asks the project."""

from __future__ import annotations

import logging
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages

from accounts.models import User

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    def send_mail(
        self, template_prefix: str, email: str, context: dict[str, Any]
    ) -> None:
        """As allauth's; a mail server that fails does not take the sign-up with it."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException):
            logger.exception("No e-mail went out (%s)", template_prefix)
            messages.error(
                self.request,
                "We could not send you an e-mail just now. Try again in a while.",
            )

    def send_password_reset_mail(
        self, user: User, email: str, context: dict[str, Any]
    ) -> None:
        """As allauth's; to imported people, who have no password to set, none goes."""
        if not user.is_imported:
            super().send_password_reset_mail(user, email, context)
