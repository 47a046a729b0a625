"""Feed sessions, and the filters of Personalize's clients."""

from __future__ import annotations

from django import forms
from django.contrib import admin

from recommender.admin.confirm import ReadOnlyAdmin
from recommender.compat.personalize.filter_language import BadFilter, parse
from recommender.models import FeedSession, PersonalizeFilter


@admin.register(FeedSession)
class FeedSessionAdmin(ReadOnlyAdmin):
    list_display = ("feed_id", "kind", "user", "length", "complete", "created_at")
    list_filter = ("kind", "complete")
    search_fields = ("feed_id", "user__username")
    list_select_related = ("user",)

    @admin.display(description="planned videos")
    def length(self, session: FeedSession) -> int:
        return len(session.items)


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
