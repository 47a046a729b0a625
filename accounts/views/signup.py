"""Sign-up in a dialog on any page."""

from __future__ import annotations

from allauth.account.views import SignupView
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django_htmx.http import HttpResponseClientRedirect

from accounts.requests import PageRequest

_signup = SignupView.as_view(template_name="accounts/signup_dialog.html")


def signup_dialog(request: PageRequest) -> HttpResponse:
    """allauth's sign-up as a fragment; without htmx a redirect to its page.

    htmx would follow a redirect and put the page into the dialog, so success returns
    htmx's own redirect header.
    """
    if not request.htmx:
        return redirect("account_signup")
    response: HttpResponse = _signup(request)
    if isinstance(response, HttpResponseRedirect):
        return HttpResponseClientRedirect(response.url)
    return response
