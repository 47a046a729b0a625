"""What the admins of model runs and of ranker runs share: activation and rollback."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from accounts.models import User
from recommender.admin.confirm import ReadOnlyAdmin, confirm
from recommender.models import Run
from recommender.registry.activation import (
    ActivationRefused,
    Kind,
    activate,
    active_run,
    obstacle,
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

    @admin.display(description="settings")
    def settings(self, run: Run) -> SafeString:
        return table(_flat(run.config))

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
        target = rollback_target(self.kind) if self._may_activate(request) else None
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
        run = self.get_object(request, unquote(object_id))
        context: dict[str, Any] = {}
        if run is not None and self._may_activate(request) and not self.serves(run):
            url = reverse(f"admin:{self.url_prefix}_activate", args=[run.pk])
            fault = obstacle(run)
            context = {"fault": fault} if fault else {"activate_url": url}
        return super().change_view(
            request, object_id, form_url, context | (extra_context or {})
        )

    def activate(self, request: HttpRequest, key: str) -> HttpResponse:
        """Activate the run after confirmation, even one that was refused."""
        run = self.get_object(request, unquote(key))
        if run is None:
            raise Http404(f"There is no run {key}.")
        question = f"Activate {run}?"
        if run.state == Run.State.REFUSED:
            question += f" It was refused: {run.note}"

        def act(by: User) -> str:
            activate(self.kind, run=run, reason="By hand", by=by, force=True)
            return f"{run} is active."

        return self._confirm(request, question, act, obstacle(run))

    def rollback(self, request: HttpRequest) -> HttpResponse:
        """Return, after confirmation, to the run that served before."""
        target = rollback_target(self.kind)
        to = self.kind.describe(target.run) if target else ""
        fault = "" if target else "There is no earlier run to go back to."

        def act(by: User) -> str:
            activation = rollback(self.kind, by=by)
            now = self.kind.describe(activation.run)
            return f"{activation.reason}: {now} is active."

        return self._confirm(request, f"Go back to {to}?", act, fault)

    @property
    def _permission(self) -> str:
        return f"recommender.add_{self.kind.activations._meta.model_name}"

    def _may_activate(self, request: HttpRequest) -> bool:
        user = request.user
        return user.is_authenticated and user.has_perm(self._permission)

    def _confirm(
        self,
        request: HttpRequest,
        question: str,
        act: Callable[[User], str],
        fault: str,
    ) -> HttpResponse:
        return confirm(
            request,
            question,
            act,
            permission=self._permission,
            refused=ActivationRefused,
            obstacle=fault,
            back=reverse(
                f"admin:recommender_{self.kind.runs._meta.model_name}_changelist"
            ),
        )


def table(rows: Iterable[tuple[str, object]]) -> SafeString:
    """Rows of a name and a value."""
    body = format_html_join("", "<tr><th>{}</th><td>{}</td></tr>", rows)
    return format_html("<table>{}</table>", body) if body else mark_safe("-")


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """The settings in `config`, with those of members as `member.setting`."""
    for name, value in config.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


class ActivationAdmin(ReadOnlyAdmin):
    fields = ("run", "reason", "is_rollback", "by")
    list_filter = ("is_rollback",)
    list_select_related = ("run", "by")
