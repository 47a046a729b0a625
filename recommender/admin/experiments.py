"""Experiments: plan, start, read and stop them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import ForeignKey
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from accounts.models import User
from recommender.admin.confirm import confirm
from recommender.experiments import analysis, services
from recommender.experiments.analysis import Readout
from recommender.experiments.services import ExperimentRefused
from recommender.ml.experiments import confidence_sequences
from recommender.models import Experiment, ModelRun
from recommender.reports import vega
from recommender.reports.figures import Figure, Section

POINTS = 200  # of the curve


@admin.register(Experiment)
class ExperimentAdmin(admin.ModelAdmin[Experiment]):
    change_form_template = "recommender/admin/experiment.html"
    list_display = ("name", "kind", "state", "control", "treatment", "started_at")
    list_filter = ("state", "kind")
    list_select_related = ("control", "treatment")
    search_fields = ("name",)
    fields = (
        "name", "kind", "control", "treatment", "share", "smallest_effect",
        "window_days",
    )  # fmt: skip

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> ModelChoiceField[Any] | None:
        """Offer only finished runs, including refused ones."""
        if db_field.name in ("control", "treatment"):
            kwargs["queryset"] = ModelRun.objects.filter(state__in=ModelRun.FINISHED)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(
        self, request: HttpRequest, obj: Experiment | None = None
    ) -> bool:
        """A started experiment cannot be changed."""
        fixed = obj is not None and obj.state != Experiment.State.DRAFT
        return not fixed and super().has_change_permission(request, obj)

    def has_delete_permission(
        self, request: HttpRequest, obj: Experiment | None = None
    ) -> bool:
        running = obj is not None and obj.state == Experiment.State.RUNNING
        return not running and super().has_delete_permission(request, obj)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:key>/start/", wrap(self.start), name="recommender_start"),
            path("<int:key>/stop/", wrap(self.stop), name="recommender_stop"),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """A started experiment with its results so far."""
        experiment = self.get_object(request, unquote(object_id))
        context: dict[str, Any] = {}
        if experiment is not None and experiment.state == Experiment.State.DRAFT:
            context["fault"] = services.obstacle(experiment)
        if experiment is not None and experiment.started_at is not None:
            readout = analysis.read(experiment, at=timezone.now())
            context |= {"readout": readout, "sections": _sections(readout)}
            context |= {"minimum": confidence_sequences.MINIMUM}
        return super().change_view(
            request, object_id, form_url, (extra_context or {}) | context
        )

    def start(self, request: HttpRequest, key: int) -> HttpResponse:
        """Start after confirmation."""
        experiment = get_object_or_404(Experiment, pk=key)
        question = f"Start “{experiment}”? It cannot be changed afterwards."
        fault = services.obstacle(experiment)
        return self._confirm(request, experiment, question, services.start, fault)

    def stop(self, request: HttpRequest, key: int) -> HttpResponse:
        """Stop for good, after confirmation."""
        experiment = get_object_or_404(Experiment, pk=key)
        question = f"Stop “{experiment}” for good? Everyone gets the active run again."
        running = experiment.state == Experiment.State.RUNNING
        fault = "" if running else f"“{experiment}” is not running."
        return self._confirm(request, experiment, question, services.stop, fault)

    def _confirm(
        self,
        request: HttpRequest,
        experiment: Experiment,
        question: str,
        service: Callable[..., Experiment],
        fault: str,
    ) -> HttpResponse:
        def act(by: User) -> str:
            service(experiment=experiment)
            return f"“{experiment}” is {experiment.get_state_display().lower()}."

        return confirm(
            request,
            question,
            act,
            permission="recommender.change_experiment",
            refused=ExperimentRefused,
            obstacle=fault,
            back=reverse("admin:recommender_experiment_change", args=[experiment.pk]),
        )


def _sections(readout: Readout) -> list[Section]:
    """The interval by the number of people, from the minimum on."""
    places = np.arange(confidence_sequences.MINIMUM - 1, readout.finished)
    if len(places) < 2:
        return []
    places = places[:: max(1, len(places) // POINTS)]
    rows = [
        {
            "people": int(place) + 1,
            "value": float(readout.bounds.mean[place]),
            "low": float(readout.bounds.low[place]),
            "high": float(readout.bounds.high[place]),
        }
        for place in places
    ]
    spec = vega.band(
        rows,
        x_title="people who have finished",
        y_title=readout.measure,
        planned=readout.planned,
    )
    note = (
        "In 95 of 100 experiments the band contains the true value at every size. The "
        "dashed lines are zero and the planned number of people."
    )
    return [Section("As people came in", [Figure(readout.measure, spec, note)])]
