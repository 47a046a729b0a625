"""Ranker runs: their metrics, activation and rollback."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from recommender.admin.activation import ActivationAdmin, RunAdmin, table
from recommender.ml.evaluation.interval import Interval
from recommender.models import RankerActivation, RankerRun
from recommender.ranking.ranker import RANKERS

ORDERS = ("lambdarank", "fusion", "difference")


@admin.register(RankerRun)
class RankerRunAdmin(RunAdmin):
    kind = RANKERS
    url_prefix = "recommender_ranker"
    list_display = ("run_id", "state", "serves", "impressions", "gain", "finished_at")
    list_filter = ("state",)
    fields = (
        "run_id", "state", "note", "impressions", "finished_at", "comparison",
        "importance", "settings",
    )  # fmt: skip

    @admin.display(description="NDCG@10 above fusion")
    def gain(self, run: RankerRun) -> str:
        return _metric(run, "difference")

    @admin.display(description="NDCG@10 on the newest impressions")
    def comparison(self, run: RankerRun) -> SafeString:
        return table((name, _metric(run, name)) for name in ORDERS)

    @admin.display(description="feature importance")
    def importance(self, run: RankerRun) -> SafeString:
        """Each feature's share of the gain of the trees, the greatest first."""
        gain = run.metrics.get("gain", {})
        rows = sorted(gain.items(), key=lambda row: -row[1])
        return table((name, f"{share:.3f}") for name, share in rows)


@admin.register(RankerActivation)
class RankerActivationAdmin(ActivationAdmin):
    list_display = ("ranks", "reason", "by", "is_rollback", "created_at")

    @admin.display(description="ranks")
    def ranks(self, activation: RankerActivation) -> str:
        return RANKERS.describe(activation.run)


def _metric(run: RankerRun, name: str) -> str:
    measured = run.metrics.get(name)
    return str(Interval(**measured)) if measured else "-"
