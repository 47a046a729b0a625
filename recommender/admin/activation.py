"""What the admins of model runs and of ranker runs share: activation and rollback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse

from accounts.models import User
from recommender.admin.confirm import ReadOnlyAdmin, confirm
from recommender.models import Run
from recommender.registry.activation import (
    ActivationRefused,
    Kind,
    activate,
    active_run,
    rollback,
    rollback_target,
)


class RunAdmin(ReadOnlyAdmin):
    """Runs of one `kind`. The names of its URLs begin with `url_prefix`."""

    kind: Kind[Any, Any]
    url_prefix: str
    change_list_template = "recommender/admin/runs.html"
    change_form_template = "recommender/admin/run.html"
    search_fields = ("run_id", "note")

    @admin.display(boolean=True)
    def serves(self, run: Run) -> bool:
        return active_run(self.kind) == run

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("rollback/", wrap(self.rollback), name=f"{self.url_prefix}_rollback"),
            path(
                "<path:key>/activate/",
                wrap(self.activate),
                name=f"{self.url_prefix}_activate",
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        target = rollback_target(self.kind)
        context = {
            "active": self.kind.describe(active_run(self.kind)),
            "rollback_target": self.kind.describe(target.run) if target else "",
            "rollback_url": reverse(f"admin:{self.url_prefix}_rollback"),
        }
        return super().changelist_view(request, (extra_context or {}) | context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        url = reverse(f"admin:{self.url_prefix}_activate", args=[object_id])
        context = {"activate_url": url} | (extra_context or {})
        return super().change_view(request, object_id, form_url, context)

    def activate(self, request: HttpRequest, key: str) -> HttpResponse:
        """Activate the run after confirmation, even one that was refused."""
        run = get_object_or_404(self.kind.runs, pk=key)
        question = f"Activate {run}?"
        if run.state == Run.State.REFUSED:
            question += f" It was refused: {run.note}"

        def act(by: User) -> str:
            activate(self.kind, run=run, reason="By hand", by=by, force=True)
            return f"{run} is active."

        return self._confirm(request, question, act)

    def rollback(self, request: HttpRequest) -> HttpResponse:
        """Return, after confirmation, to the run that served before."""
        target = rollback_target(self.kind)
        question = (
            f"Go back to {self.kind.describe(target.run)}?" if target else "Roll back?"
        )

        def act(by: User) -> str:
            activation = rollback(self.kind, by=by)
            now = self.kind.describe(activation.run)
            return f"{activation.reason}: {now} is active."

        return self._confirm(request, question, act)

    def _confirm(
        self, request: HttpRequest, question: str, act: Callable[[User], str]
    ) -> HttpResponse:
        return confirm(
            request,
            question,
            act,
            permission=f"recommender.add_{self.kind.activations._meta.model_name}",
            refused=ActivationRefused,
            back=reverse(
                f"admin:recommender_{self.kind.runs._meta.model_name}_changelist"
            ),
        )


class ActivationAdmin(ReadOnlyAdmin):
    fields = ("run", "reason", "is_rollback", "by")
    list_filter = ("is_rollback",)
    list_select_related = ("run", "by")
