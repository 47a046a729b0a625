"""Sign-up from any page, in the page's dialog."""

from __future__ import annotations

from allauth.account.views import SignupView
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django_htmx.http import HttpResponseClientRedirect

from accounts.requests import PageRequest

_signup = SignupView.as_view(template_name="accounts/signup_dialog.html")


def signup_dialog(request: PageRequest) -> HttpResponse:
    """allauth's sign-up as a fragment; without htmx its page.

    htmx would follow a redirect by itself and put the page into the dialog, so success
    is answered with an address for the browser to go to.
    """
    if not request.htmx:
        return redirect("account_signup")
    response: HttpResponse = _signup(request)
    if isinstance(response, HttpResponseRedirect):
        return HttpResponseClientRedirect(response.url)
    return response
