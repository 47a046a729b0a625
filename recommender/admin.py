"""Runs side by side, which one serves, and the buttons to change that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import User
from recommender import services
from recommender.mirror.health import health
from recommender.models import (
    Activation,
    FeedSession,
    GraphMirror,
    ModelRun,
    RankerActivation,
    RankerRun,
)
from recommender.rankers.admin import RankerActivationAdmin, RankerRunAdmin
from recommender.services import ActivationRefused

COMPARED = ("recall@20", "ndcg@20", "coverage@20", "novelty@20")


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """Rows that programs write and people read."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(ModelRun)
class ModelRunAdmin(ReadOnlyAdmin):
    change_list_template = "recommender/admin/runs.html"
    change_form_template = "recommender/admin/run.html"
    list_display = (
        "run_id",
        "model",
        "state",
        "serves",
        "recall",
        "ndcg",
        "finished_at",
    )
    list_filter = ("state", "model")
    search_fields = ("run_id", "note")
    fields = (
        "run_id", "model", "state", "note", "finished_at", "comparison", "loss_curve",
        "config", "data_hash",
    )  # fmt: skip

    @admin.display(boolean=True)
    def serves(self, run: ModelRun) -> bool:
        return services.active_run() == run

    @admin.display(description="Recall@20")
    def recall(self, run: ModelRun) -> str:
        return _value(run, run.model, "recall@20")

    @admin.display(description="NDCG@20")
    def ndcg(self, run: ModelRun) -> str:
        return _value(run, run.model, "ndcg@20")

    @admin.display(description="on the temporal split")
    def comparison(self, run: ModelRun) -> SafeString:
        """The run beside the baselines it was measured with."""
        head = format_html_join("", "<th>{}</th>", ((name,) for name in COMPARED))
        rows = format_html_join(
            "",
            "<tr><th>{}</th>{}</tr>",
            (
                (
                    model,
                    format_html_join(
                        "",
                        "<td>{}</td>",
                        ((_value(run, model, name),) for name in COMPARED),
                    ),
                )
                for model in run.metrics.get("models", {})
            ),
        )
        return format_html("<table><tr><th></th>{}</tr>{}</table>", head, rows)

    @admin.display(description="loss by epoch")
    def loss_curve(self, run: ModelRun) -> SafeString | str:
        losses = [step["loss"] for step in run.curves]
        if len(losses) < 2:
            return "-"
        low, high = min(losses), max(losses)
        points = " ".join(
            f"{300 * i / (len(losses) - 1):.1f},"
            f"{60 - 55 * (loss - low) / ((high - low) or 1):.1f}"
            for i, loss in enumerate(losses)
        )
        return format_html(
            '<svg width="300" height="65" role="img" aria-label="Loss from {} to {}">'
            '<polyline points="{}" fill="none" stroke="currentColor"/></svg>'
            "<br>{} to {} in {} epochs",
            f"{losses[0]:.4f}",
            f"{losses[-1]:.4f}",
            points,
            f"{losses[0]:.4f}",
            f"{losses[-1]:.4f}",
            len(losses),
        )

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("rollback/", wrap(self.rollback), name="recommender_rollback"),
            path(
                "<path:key>/activate/", wrap(self.activate), name="recommender_activate"
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {
            "active_run": services.active_run(),
            "rollback_target": services.rollback_target(),
        }
        return super().changelist_view(request, (extra_context or {}) | context)

    def activate(self, request: HttpRequest, key: str) -> HttpResponse:
        """Ask, then put the run into service; a refused one only by saying so."""
        run = get_object_or_404(ModelRun, pk=key)
        question = f"Put {run} into service?"
        if run.state == ModelRun.State.REFUSED:
            question += f" It was refused: {run.note}"

        def act() -> str:
            services.activate(run=run, reason="By hand", by=_staff(request), force=True)
            return f"{run} is active."

        return self._confirmed(request, question, act)

    def rollback(self, request: HttpRequest) -> HttpResponse:
        """Ask, then return to the run that served before."""
        target = services.rollback_target()
        question = f"Go back to {target}?" if target else "Roll back?"

        def act() -> str:
            activation = services.rollback(by=_staff(request))
            return f"{activation.reason}: {activation.run} is active."

        return self._confirmed(request, question, act)

    def _confirmed(
        self, request: HttpRequest, question: str, act: Callable[[], str]
    ) -> HttpResponse:
        _staff(request)
        if request.method != "POST":
            context = {**self.admin_site.each_context(request), "title": question}
            return TemplateResponse(request, "recommender/admin/confirm.html", context)
        try:
            messages.success(request, act())
        except ActivationRefused as error:
            messages.error(request, str(error))
        return redirect(reverse("admin:recommender_modelrun_changelist"))


@admin.register(Activation)
class ActivationAdmin(ReadOnlyAdmin):
    list_display = ("run", "reason", "by", "is_rollback", "created_at")
    list_filter = ("is_rollback",)
    list_select_related = ("run", "by")


@admin.register(GraphMirror)
class GraphMirrorAdmin(ReadOnlyAdmin):
    list_display = ("state", "queue", "lag", "last_error", "failed_at", "verified_at")
    fields = (
        "state", "queue", "lag", "applied_at", "watermark", "error", "failed_at",
        "verified_at", "differences", "generation",
    )  # fmt: skip
    readonly_fields = ("state", "queue", "lag")

    def get_queryset(self, request: HttpRequest) -> QuerySet[GraphMirror]:
        GraphMirror.load()  # there is a row to look at from the first time on
        return super().get_queryset(request)

    @admin.display(description="mirror in Neo4j")
    def state(self, mirror: GraphMirror) -> str:
        return health().fault or str(health())

    @admin.display(description="changes that wait")
    def queue(self, mirror: GraphMirror) -> int:
        return health().queue

    @admin.display(description="for how long")
    def lag(self, mirror: GraphMirror) -> str:
        return f"{health().lag.total_seconds():.0f} s"

    @admin.display(description="last error")
    def last_error(self, mirror: GraphMirror) -> str:
        return mirror.error[:100] or "-"


@admin.register(FeedSession)
class FeedSessionAdmin(ReadOnlyAdmin):
    list_display = ("feed_id", "kind", "user", "length", "complete", "created_at")
    list_filter = ("kind", "complete")
    search_fields = ("feed_id", "user__username")
    list_select_related = ("user",)

    @admin.display(description="planned videos")
    def length(self, session: FeedSession) -> int:
        return len(session.items)


def _value(run: ModelRun, model: str, metric: str) -> str:
    measured = run.metrics.get("models", {}).get(model, {}).get(metric)
    if measured is None:
        return "-"
    return f"{measured['value']:.4f} [{measured['low']:.4f}, {measured['high']:.4f}]"


def _staff(request: HttpRequest) -> User:
    """Who asks, if they may change which run serves."""
    user = request.user
    if not user.is_authenticated or not user.has_perm("recommender.add_activation"):
        raise PermissionDenied
    return user


admin.site.register(RankerRun, RankerRunAdmin)
admin.site.register(RankerActivation, RankerActivationAdmin)
