"""The settings pages of the signed-in user."""

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
from rest.methods import posted_from

form_view = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@form_view
def edit_profile(request: MemberRequest) -> HttpResponse:
    # A form changes its instance before it is valid; the page shows the stored user.
    user = User.objects.get(pk=request.user.pk)
    form = ProfileForm(*_form_data(request), instance=user)
    if form.is_valid():
        save_profile(user=user)
        messages.success(request, "Your profile is saved.")
        return redirect("settings")
    return _render(request, "accounts/settings_profile.html", {"form": form})


@login_required
@form_view
def interests(request: MemberRequest) -> HttpResponse:
    form = InterestsForm(*_form_data(request), instance=request.user)
    if form.is_valid():
        set_interests(
            user=request.user,
            parent_categories=form.cleaned_data["parent_category_interests"],
        )
        messages.success(request, "Your home page uses your new interests.")
        return redirect("interests")
    return _render(request, "accounts/settings_interests.html", {"form": form})


@login_required
@form_view
def privacy(request: MemberRequest) -> HttpResponse:
    form = PrivacyForm(*_form_data(request), instance=request.user)
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
    """All stored data of the user, as a JSON file."""
    name = f"{request.user.username}-{timezone.localdate():%Y-%m-%d}.json"
    return JsonResponse(
        export_account(user=request.user),
        encoder=DjangoJSONEncoder,
        json_dumps_params={"indent": 2, "ensure_ascii": False},
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@login_required
@posted_from("account")
@sensitive_post_parameters("password")
def delete(request: MemberRequest) -> HttpResponse:
    if not ratelimit.consume(request, action="reauthenticate", user=request.user):
        return ratelimit.respond_429(request)  # type: ignore[no-any-return]
    form = DeleteAccountForm(request.POST, user=request.user)
    if not form.is_valid():
        return _render(request, "accounts/settings_account.html", {"form": form})
    delete_account(user=request.user)
    logout(request)
    messages.success(request, "Your account and all your data are deleted.")
    return redirect("home")


def _form_data(request: MemberRequest) -> tuple[Any, Any]:
    """The data and files to bind a form to; a POST without values counts too."""
    if request.method == "POST":
        return request.POST, request.FILES
    return None, None


def _render(
    request: MemberRequest, template: str, context: dict[str, Any]
) -> HttpResponse:
    """A settings page, with a reminder to confirm the e-mail address."""
    address = EmailAddress.objects.get_primary(request.user)
    unconfirmed = address if address and not address.verified else None
    return render(request, template, context | {"unconfirmed": unconfirmed})
