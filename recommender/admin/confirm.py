"""Admin pages that only display rows, and buttons that ask for confirmation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from accounts.models import User


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """An admin of rows that only programs write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def confirm(
    request: HttpRequest,
    question: str,
    act: Callable[[User], str],
    *,
    permission: str,
    refused: type[Exception],
    back: str,
    obstacle: str = "",
) -> HttpResponse:
    """Ask `question`; on POST call `act` with the user, then redirect to `back`.

    `act` returns a message of what it did, or raises `refused` with the reason why not.
    With an `obstacle` nothing is asked: the reason is shown at `back`. Raises
    `PermissionDenied` for users without `permission`.
    """
    user = request.user
    if not user.is_authenticated or not user.has_perm(permission):
        raise PermissionDenied
    if obstacle:
        messages.error(request, obstacle)
        return redirect(back)
    if request.method != "POST":
        context = {
            **admin.site.each_context(request),
            "title": question,
            "back": back,
        }
        return TemplateResponse(request, "recommender/admin/confirm.html", context)
    try:
        messages.success(request, act(user))
    except refused as error:
        messages.error(request, str(error))
    return redirect(back)
