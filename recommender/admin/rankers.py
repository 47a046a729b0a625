"""Rankers in the admin: what each measured, which one ranks, and how to undo it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import User
from recommender.admin.confirm import ReadOnlyAdmin, confirmed
from recommender.ml.evaluation.interval import Interval
from recommender.models import RankerActivation, RankerRun
from recommender.registry import ranker_activation
from recommender.registry.activation import ActivationRefused

ORDERS = ("lambdarank", "fusion", "difference")


class RankerRunAdmin(ReadOnlyAdmin):
    change_list_template = "recommender/admin/rankers.html"
    change_form_template = "recommender/admin/ranker.html"
    list_display = ("run_id", "state", "ranks", "impressions", "gain", "finished_at")
    list_filter = ("state",)
    search_fields = ("run_id", "note")
    fields = (
        "run_id", "state", "note", "impressions", "finished_at", "comparison",
        "importance", "config",
    )  # fmt: skip

    @admin.display(boolean=True)
    def ranks(self, run: RankerRun) -> bool:
        return ranker_activation.active_run() == run

    @admin.display(description="NDCG@10 above fusion")
    def gain(self, run: RankerRun) -> str:
        return _value(run, "difference")

    @admin.display(description="NDCG@10 on the newest impressions")
    def comparison(self, run: RankerRun) -> SafeString:
        rows = ((name, _value(run, name)) for name in ORDERS)
        return _table(rows)

    @admin.display(description="what it goes by")
    def importance(self, run: RankerRun) -> SafeString:
        """Each column's share of what the trees gained, the greatest first."""
        gain = run.metrics.get("gain", {})
        rows = sorted(gain.items(), key=lambda row: -row[1])
        return _table((name, f"{share:.3f}") for name, share in rows)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("rollback/", wrap(self.rollback), name="recommender_ranker_rollback"),
            path(
                "<path:key>/activate/",
                wrap(self.activate),
                name="recommender_ranker_activate",
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        target = ranker_activation.rollback_target()
        context = {
            "now": ranker_activation.name(ranker_activation.active_run()),
            "rollback_target": ranker_activation.name(*target) if target else "",
        }
        return super().changelist_view(request, (extra_context or {}) | context)

    def activate(self, request: HttpRequest, key: str) -> HttpResponse:
        """Ask, then let the run rank; a refused one only by saying so."""
        run = get_object_or_404(RankerRun, pk=key)
        question = f"Rank by {run}?"
        if run.state == RankerRun.State.REFUSED:
            question += f" It was refused: {run.note}"

        def act(by: User) -> str:
            ranker_activation.activate(run=run, reason="By hand", by=by, force=True)
            return f"{run} ranks."

        return self._confirmed(request, question, act)

    def rollback(self, request: HttpRequest) -> HttpResponse:
        """Ask, then return to what ranked before."""
        target = ranker_activation.rollback_target()
        question = (
            f"Go back to {ranker_activation.name(*target)}?" if target else "Roll back?"
        )

        def act(by: User) -> str:
            activation = ranker_activation.rollback(by=by)
            return (
                f"{activation.reason}: {ranker_activation.name(activation.run)} ranks."
            )

        return self._confirmed(request, question, act)

    def _confirmed(
        self, request: HttpRequest, question: str, act: Callable[[User], str]
    ) -> HttpResponse:
        return confirmed(
            request,
            question,
            act,
            permission="recommender.add_rankeractivation",
            refused=ActivationRefused,
            back=reverse("admin:recommender_rankerrun_changelist"),
        )


class RankerActivationAdmin(ReadOnlyAdmin):
    list_display = ("ranks", "reason", "by", "is_rollback", "created_at")
    list_filter = ("is_rollback",)
    list_select_related = ("run", "by")

    @admin.display(description="ranks")
    def ranks(self, activation: RankerActivation) -> str:
        return ranker_activation.name(activation.run)


def _value(run: RankerRun, name: str) -> str:
    measured = run.metrics.get(name)
    return str(Interval(**measured)) if measured else "-"


def _table(rows: Any) -> SafeString:
    body = format_html_join("", "<tr><th>{}</th><td>{}</td></tr>", rows)
    return format_html("<table>{}</table>", body)
