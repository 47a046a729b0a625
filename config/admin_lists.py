"""Lists of the administration that stay fast with any number of rows.

Each list is ordered by a key and goes on after the last row of a page. Nothing counts,
skips or sorts the rows of a table that grows, or collects their distinct values.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.http import HttpRequest

CURSOR = "after"
# Of models whose rows an administrator or a daily job adds: these have Django's lists.
FEW_ROWS = {
    *("accounts.ServiceClient", "videos.Category", "videos.ParentCategory"),
    *("auth.Group", "interactions.ImportRun", "recommender.Activation"),
    *("recommender.Experiment", "recommender.GraphMirror", "recommender.ModelRun"),
    *("recommender.PersonalizeFilter", "recommender.RankerActivation"),
    "recommender.RankerRun",
}
# An indexed time, where keys do not grow with it.
MOMENTS = {
    "recommender.FeedSession": "created_at",
    "django_tasks_database.DBTaskResult": "enqueued_at",  # deleted after some days
}


class KeysetList(ChangeList):
    """A page of rows, the newest first. A cursor is `KEY` or `TIME|KEY`."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.cursor = request.GET.get(CURSOR, "")
        super().__init__(request, *args, **kwargs)

    @property
    def moment(self) -> str | None:
        return MOMENTS.get(self.opts.label)

    def get_ordering(self, request: HttpRequest, queryset: Any) -> list[Any]:
        return [f"-{self.moment}", "-pk"] if self.moment else ["-pk"]

    def get_filters_params(self, params: Any = None) -> Any:
        found = super().get_filters_params(params)
        found.pop(CURSOR, None)
        return found

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        return super().get_query_string(new_params, [*(remove or ()), CURSOR])

    def get_results(self, request: HttpRequest) -> None:
        rows = self.queryset
        if self.cursor:
            try:
                rows = rows.filter(self._after())
            except (ValueError, ValidationError, OverflowError) as error:
                raise IncorrectLookupParameters(error) from error
        found = list(rows[: self.list_per_page + 1])
        self.result_list = found[: self.list_per_page]
        self.result_count = self.full_result_count = len(self.result_list)
        self.show_admin_actions = bool(found)
        self.show_full_result_count = False
        self.can_show_all = self.multi_page = False
        self.first_page_url = self.get_query_string() if self.cursor else ""
        self.next_page_url = ""
        if len(found) > self.list_per_page:
            last = self.result_list[-1]
            key = str(last.pk)
            if self.moment:
                key = f"{getattr(last, self.moment).isoformat()}|{key}"
            self.next_page_url = self.get_query_string({CURSOR: key})

    def _after(self) -> Q:
        if not self.moment:
            return Q(pk__lt=self.cursor)
        at, _, key = self.cursor.partition("|")
        moment = datetime.fromisoformat(at)
        earlier = Q(**{f"{self.moment}__lt": moment}) | Q(pk__lt=key)
        return Q(**{f"{self.moment}__lte": moment}) & earlier


class GrowingRows:
    """A `ModelAdmin` whose model has any number of rows."""

    model: type[models.Model]
    change_list_template = "admin/keyset_list.html"
    date_hierarchy = None
    list_max_show_all = 0
    show_facets = admin.ShowFacets.NEVER
    show_full_result_count = False
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetList

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        filters = super().get_list_filter(request)  # type: ignore[misc]
        return [each for each in filters if self._has_few_choices(each)]

    def _has_few_choices(self, each: Any) -> bool:
        """Whether a filter does not offer the distinct values of all rows."""
        if not isinstance(each, str):
            return True
        field = get_fields_from_path(self.model, each)[-1]
        few = isinstance(field, (models.BooleanField, models.DateField))
        return few or bool(field.choices) or field.is_relation


class ListSite(admin.AdminSite):
    """A site whose models have such lists, but for those with `FEW_ROWS`."""

    def register(
        self,
        model_or_iterable: type[models.Model] | Iterable[type[models.Model]],
        admin_class: type[admin.ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        listed = (
            [model_or_iterable]
            if isinstance(model_or_iterable, type)
            else model_or_iterable
        )
        base = admin_class or admin.ModelAdmin
        for model in listed:
            chosen = base
            if model._meta.label not in FEW_ROWS:
                chosen = type(base.__name__, (GrowingRows, base), {})
            super().register(model, chosen, **options)
