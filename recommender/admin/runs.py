"""Model runs: their metrics, comparison, activation and rollback."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from recommender.admin.activation import ActivationAdmin, RunAdmin
from recommender.ml.evaluation.interval import Interval
from recommender.models import Activation, ModelRun
from recommender.registry.activation import MODELS, active_run
from recommender.reports import figures, html
from recommender.reports.comparison import compare
from recommender.reports.figures import Section
from recommender.training import lock, progress


@admin.register(ModelRun)
class ModelRunAdmin(RunAdmin):
    kind = MODELS
    url_prefix = "recommender"
    change_form_template = "recommender/admin/model_run.html"
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
    fields = (
        "run_id", "model", "state", "now", "note", "finished_at", "settings",
        "data_hash",
    )  # fmt: skip
    actions = ("compare_runs",)

    @admin.display(description="Recall@20")
    def recall(self, run: ModelRun) -> str:
        return _metric(run, "recall@20")

    @admin.display(description="NDCG@20")
    def ndcg(self, run: ModelRun) -> str:
        return _metric(run, "ndcg@20")

    @admin.display(description="now")
    def now(self, run: ModelRun) -> str:
        """The progress of the training."""
        if run.state != ModelRun.State.TRAINING:
            return "-"
        state = "training" if lock.is_running() else "interrupted"
        return f"{state}; {progress.describe(run) or 'before the first epoch'}"

    def get_urls(self) -> list[URLPattern]:
        compare_view = self.admin_site.admin_view(self.compare_view)
        return [
            path("compare/", compare_view, name="recommender_compare"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The run with its metrics, beside those of its baselines."""
        run = self.get_object(request, unquote(object_id))
        context: dict[str, Any] = {}
        if run is not None:
            curves = figures.training_figures(progress.trainings(run))
            context["sections"] = [Section("Training", curves)] if curves else []
        if run is not None and run.metrics:
            measured = figures.report_sections(run.metrics, html.category_names())
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

    def compare_view(self, request: HttpRequest) -> HttpResponse:
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
            "active_run": active_run(MODELS),
        }
        return TemplateResponse(request, "recommender/admin/compare.html", context)


@admin.register(Activation)
class ModelActivationAdmin(ActivationAdmin):
    list_display = ("run", "reason", "by", "is_rollback", "created_at")


def _metric(run: ModelRun, metric: str) -> str:
    measured = run.metrics.get("models", {}).get(run.model, {}).get(metric)
    return str(Interval(**measured)) if measured else "-"
