"""A person's own settings."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms import DeleteAccountForm, InterestsForm, PrivacyForm, ProfileForm
from accounts.models import User
from accounts.requests import MemberRequest
from accounts.services import (
    delete_account,
    export_account,
    save_profile,
    set_interests,
)

form_view = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@form_view
def edit_profile(request: MemberRequest) -> HttpResponse:
    # A form changes its instance before it is valid; the page shows the person as is.
    user = User.objects.get(pk=request.user.pk)
    form = ProfileForm(*_sent(request), instance=user)
    if form.is_valid():
        save_profile(user=user)
        messages.success(request, "Your profile is saved.")
        return redirect("settings")
    return _render(request, "accounts/settings_profile.html", {"form": form})


@login_required
@form_view
def interests(request: MemberRequest) -> HttpResponse:
    form = InterestsForm(*_sent(request), instance=request.user)
    if form.is_valid():
        set_interests(
            user=request.user,
            parent_categories=form.cleaned_data["parent_category_interests"],
        )
        messages.success(request, "Your home page follows your new interests.")
        return redirect("interests")
    return _render(request, "accounts/settings_interests.html", {"form": form})


@login_required
@form_view
def privacy(request: MemberRequest) -> HttpResponse:
    form = PrivacyForm(*_sent(request), instance=request.user)
    if form.is_valid():
        request.user.save(update_fields=[*form.fields, "updated_at"])
        messages.success(request, "Your choice is saved.")
        return redirect("privacy")
    return _render(request, "accounts/settings_privacy.html", {"form": form})


@login_required
@require_safe
def account(request: MemberRequest) -> HttpResponse:
    form = DeleteAccountForm(user=request.user)
    return _render(request, "accounts/settings_account.html", {"form": form})


@login_required
@require_safe
def export(request: MemberRequest) -> JsonResponse:
    """All that is stored about the person, as a file."""
    name = f"{request.user.username}-{timezone.localdate():%Y-%m-%d}.json"
    return JsonResponse(
        export_account(user=request.user),
        encoder=DjangoJSONEncoder,
        json_dumps_params={"indent": 2, "ensure_ascii": False},
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@login_required
@sensitive_post_parameters("password")
@require_http_methods(["POST"])
def delete(request: MemberRequest) -> HttpResponse:
    if not ratelimit.consume(request, action="reauthenticate", user=request.user):
        return ratelimit.respond_429(request)  # type: ignore[no-any-return]
    form = DeleteAccountForm(request.POST, user=request.user)
    if not form.is_valid():
        return _render(request, "accounts/settings_account.html", {"form": form})
    delete_account(user=request.user)
    logout(request)
    messages.success(request, "Your account and all that was yours are deleted.")
    return redirect("home")


def _sent(request: MemberRequest) -> tuple[Any, Any]:
    """What a form is bound to; a POST without values (all unticked) is a POST too."""
    if request.method == "POST":
        return request.POST, request.FILES
    return None, None


def _render(
    request: MemberRequest, template: str, context: dict[str, Any]
) -> HttpResponse:
    """A settings page, with a reminder while the e-mail address is not confirmed."""
    address = EmailAddress.objects.get_primary(request.user)
    unconfirmed = address if address and not address.verified else None
    return render(request, template, context | {"unconfirmed": unconfirmed})
