"""Runs side by side, which one serves, and the buttons to change that."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from accounts.models import User
from recommender.admin.confirm import ReadOnlyAdmin, confirmed
from recommender.admin.experiments import ExperimentAdmin
from recommender.admin.rankers import RankerActivationAdmin, RankerRunAdmin
from recommender.graph.mirror.health import health
from recommender.ml.evaluation.interval import Interval
from recommender.models import (
    Activation,
    Experiment,
    FeedSession,
    GraphMirror,
    ModelRun,
    PersonalizeFilter,
    RankerActivation,
    RankerRun,
)
from recommender.registry import activation as services
from recommender.registry.activation import ActivationRefused
from recommender.reports import figures, html
from recommender.reports.comparison import compare
from recommender.reports.figures import Section
from recommender.training import pipeline, progress


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
        "run_id", "model", "state", "now", "note", "finished_at", "config", "data_hash",
    )  # fmt: skip
    actions = ("compare_runs",)

    @admin.display(boolean=True)
    def serves(self, run: ModelRun) -> bool:
        return services.active_run() == run

    @admin.display(description="Recall@20")
    def recall(self, run: ModelRun) -> str:
        return _value(run, "recall@20")

    @admin.display(description="NDCG@20")
    def ndcg(self, run: ModelRun) -> str:
        return _value(run, "ndcg@20")

    @admin.display(description="now")
    def now(self, run: ModelRun) -> str:
        """How far a training is."""
        if run.state != ModelRun.State.TRAINING:
            return "-"
        state = "training" if pipeline.is_running() else "interrupted"
        return f"{state}; {progress.told(run) or 'before the first epoch'}"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("rollback/", wrap(self.rollback), name="recommender_rollback"),
            path("compare/", wrap(self.compared), name="recommender_compare"),
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

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The run with all that was measured of it, beside its baselines."""
        run = ModelRun.objects.filter(pk=object_id).first()
        context: dict[str, Any] = {}
        if run is not None:
            curves = figures.of_training(progress.trainings(run))
            context["sections"] = [Section("Training", curves)] if curves else []
        if run is not None and run.metrics:
            measured = figures.of_report(run.metrics, html.category_names())
            context["sections"] = [*measured, *context["sections"]]
            context |= {"heads": figures.HEADS, "rows": html.rows(run.metrics)}
        return super().change_view(
            request, object_id, form_url, (extra_context or {}) | context
        )

    @admin.action(description="Compare the selected runs", permissions=["view"])
    def compare_runs(
        self, request: HttpRequest, queryset: QuerySet[ModelRun]
    ) -> HttpResponse | None:
        if queryset.count() < 2:
            messages.error(request, "Select two runs or more to compare.")
            return None
        keys = ",".join(str(run.pk) for run in queryset)
        return redirect(f"{reverse('admin:recommender_compare')}?runs={keys}")

    def compared(self, request: HttpRequest) -> HttpResponse:
        """Runs side by side, the newest first: `?runs=` lists their keys."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        keys = [
            key for key in request.GET.get("runs", "").split(",") if key.isdecimal()
        ]
        runs = list(
            ModelRun.objects.filter(pk__in=keys).prefetch_related("activations__by")
        )
        if len(runs) < 2:
            raise Http404("There are no two such runs.")
        context = {
            **self.admin_site.each_context(request),
            "title": "Runs compared",
            "comparison": compare(runs),
            "heads": figures.HEADS,
            "active_run": services.active_run(),
        }
        return TemplateResponse(request, "recommender/admin/compare.html", context)

    def activate(self, request: HttpRequest, key: str) -> HttpResponse:
        """Ask, then put the run into service; a refused one only by saying so."""
        run = get_object_or_404(ModelRun, pk=key)
        question = f"Put {run} into service?"
        if run.state == ModelRun.State.REFUSED:
            question += f" It was refused: {run.note}"

        def act(by: User) -> str:
            services.activate(run=run, reason="By hand", by=by, force=True)
            return f"{run} is active."

        return self._confirmed(request, question, act)

    def rollback(self, request: HttpRequest) -> HttpResponse:
        """Ask, then return to the run that served before."""
        target = services.rollback_target()
        question = f"Go back to {target}?" if target else "Roll back?"

        def act(by: User) -> str:
            activation = services.rollback(by=by)
            return f"{activation.reason}: {activation.run} is active."

        return self._confirmed(request, question, act)

    def _confirmed(
        self, request: HttpRequest, question: str, act: Callable[[User], str]
    ) -> HttpResponse:
        return confirmed(
            request,
            question,
            act,
            permission="recommender.add_activation",
            refused=ActivationRefused,
            back=reverse("admin:recommender_modelrun_changelist"),
        )


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


@admin.register(PersonalizeFilter)
class PersonalizeFilterAdmin(admin.ModelAdmin[PersonalizeFilter]):
    list_display = ("name", "expression")
    search_fields = ("name",)


def _value(run: ModelRun, metric: str) -> str:
    measured = run.metrics.get("models", {}).get(run.model, {}).get(metric)
    return str(Interval(**measured)) if measured else "-"


admin.site.register(Experiment, ExperimentAdmin)
admin.site.register(RankerRun, RankerRunAdmin)
admin.site.register(RankerActivation, RankerActivationAdmin)
