"""Experiments in the admin: plan one, start it, read it, stop it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from django.contrib import admin
from django.db.models import ForeignKey
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from accounts.models import User
from recommender.admin.confirm import confirmed
from recommender.experiments import analysis, services
from recommender.experiments.analysis import Readout
from recommender.experiments.services import ExperimentRefused
from recommender.ml.experiments import confidence_sequences
from recommender.models import Experiment, ModelRun
from recommender.reports import vega
from recommender.reports.figures import Figure, Section

POINTS = 200  # of the curve that is drawn
FINISHED = (ModelRun.State.TRAINED, ModelRun.State.REFUSED)


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
        """Only runs that are finished can take part; a refused one may."""
        if db_field.name in ("control", "treatment"):
            kwargs["queryset"] = ModelRun.objects.filter(state__in=FINISHED)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_change_permission(
        self, request: HttpRequest, obj: Experiment | None = None
    ) -> bool:
        """Once started, an experiment stays what it was planned to be."""
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
        """A started experiment with what it has shown so far."""
        experiment = Experiment.objects.filter(pk=object_id).first()
        context: dict[str, Any] = {}
        if experiment is not None and experiment.started_at is not None:
            found = analysis.read(experiment, at=timezone.now())
            context = {"readout": found, "sections": _sections(found)}
            context |= {"minimum": confidence_sequences.MINIMUM}
        return super().change_view(
            request, object_id, form_url, (extra_context or {}) | context
        )

    def start(self, request: HttpRequest, key: int) -> HttpResponse:
        """Ask, then start: from then on nothing about it can be changed."""
        question = "Start “{}”? Nothing about it can be changed from then on."
        return self._confirmed(request, key, question, services.start)

    def stop(self, request: HttpRequest, key: int) -> HttpResponse:
        """Ask, then stop for good."""
        question = "Stop “{}” for good? Everybody has the active run again."
        return self._confirmed(request, key, question, services.stop)

    def _confirmed(
        self,
        request: HttpRequest,
        key: int,
        question: str,
        service: Callable[..., Experiment],
    ) -> HttpResponse:
        experiment = get_object_or_404(Experiment, pk=key)

        def act(by: User) -> str:
            service(experiment=experiment)
            return f"“{experiment}” is {experiment.get_state_display().lower()}."

        return confirmed(
            request,
            question.format(experiment),
            act,
            permission="recommender.change_experiment",
            refused=ExperimentRefused,
            back=reverse("admin:recommender_experiment_change", args=[key]),
        )


def _sections(found: Readout) -> list[Section]:
    """The interval as people came in, from where anything is said."""
    places = np.arange(confidence_sequences.MINIMUM - 1, found.finished)
    if len(places) < 2:
        return []
    places = places[:: max(1, len(places) // POINTS)]
    rows = [
        {
            "people": int(place) + 1,
            "value": float(found.bounds.mean[place]),
            "low": float(found.bounds.low[place]),
            "high": float(found.bounds.high[place]),
        }
        for place in places
    ]
    spec = vega.band(
        rows,
        x_title="people who have finished",
        y_title=found.measure,
        planned=found.planned,
    )
    note = (
        "In 95 of 100 experiments the true value lies in the band at every size at "
        "once. The dashed lines are zero and the planned number of people."
    )
    return [Section("As people came in", [Figure(found.measure, spec, note)])]
