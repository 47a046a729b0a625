"""The admin site."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.contrib.admin.exceptions import DisallowedModelAdminToField
from django.contrib.admin.options import TO_FIELD_VAR
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse

from config.admin_lists import ListSite


class Site(ListSite):
    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Django's, in which a field without a name, and a year that no date has, are
        an error 500."""

        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if "" in (request.GET.get(TO_FIELD_VAR), request.POST.get(TO_FIELD_VAR)):
                raise DisallowedModelAdminToField("The field has no name.")
            try:
                response: HttpResponse = view(request, *args, **kwargs)
            except OverflowError as error:
                raise BadRequest("A number is too large.") from error
            return response

        return super().admin_view(checked, cacheable)
