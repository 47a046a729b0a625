"""Feed sessions, and the filters of Personalize's clients."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.template.loader import render_to_string

from recommender.admin.confirm import ReadOnlyAdmin
from recommender.compat.personalize.filter_language import BadFilter, parse
from recommender.feeds.stored import stored_items
from recommender.models import FeedSession, PersonalizeFilter

MOST_ITEMS = 300  # of a feed on its page


@admin.register(FeedSession)
class FeedSessionAdmin(ReadOnlyAdmin):
    """Feeds of the last days, the newest first, and what each one holds."""

    list_display = ("created_at", "kind", "viewer", "narrowed", "length", "complete")
    list_filter = ("kind", "complete")
    search_fields = ("feed_id", "user__username")
    list_select_related = ("user",)
    ordering = ("-created_at",)
    fields = (
        "kind", "viewer", "narrowed", "created_at", "updated_at", "feed_id", "complete",
        "videos",
    )  # fmt: skip

    @admin.display(description="viewer", ordering="user")
    def viewer(self, session: FeedSession) -> str:
        return str(session.user or "a visitor")

    @admin.display(description="filter and order")
    def narrowed(self, session: FeedSession) -> str:
        chosen = (
            f"{name}: {value}" for name, value in session.parameters.items() if value
        )
        return ", ".join(chosen) or "-"

    @admin.display(description="planned videos")
    def length(self, session: FeedSession) -> int:
        return len(session.items)

    @admin.display(description="planned videos")
    def videos(self, session: FeedSession) -> str:
        context = {
            "items": stored_items(session, limit=MOST_ITEMS),
            "more": max(0, len(session.items) - MOST_ITEMS),
        }
        return render_to_string("recommender/admin/feed_items.html", context)


class PersonalizeFilterForm(forms.ModelForm[PersonalizeFilter]):
    class Meta:
        model = PersonalizeFilter
        fields = ("name", "expression")

    def clean_expression(self) -> str:
        expression: str = self.cleaned_data["expression"]
        try:
            parse(expression)
        except BadFilter as error:
            raise forms.ValidationError(str(error)) from error
        return expression


@admin.register(PersonalizeFilter)
class PersonalizeFilterAdmin(admin.ModelAdmin[PersonalizeFilter]):
    form = PersonalizeFilterForm
    list_display = ("name", "expression")
    search_fields = ("name",)
