"""The plots of a report, with their titles and notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recommender.reports import vega
from recommender.reports.vega import Spec

METRICS = {
    "ndcg@10": "NDCG@10",
    "recall@20": "Recall@20",
    "hr@10": "Hit rate@10",
    "map@20": "MAP@20",
    "coverage@20": "Coverage@20: share of all videos that are shown to anyone",
    "gini@20": "Gini@20: 0 if all videos are shown equally often",
    "novelty@20": "Novelty@20: surprise in bits",
    "diversity@20": "Diversity@20: how unlike within a list",
    "miscalibration@20": "Miscalibration@20: lists against tastes, 0 is best",
}
PAIRED = ("ndcg@10", "recall@20")
CATEGORIES = 12  # the largest, which are drawn
HEADS = [title.partition(":")[0] for title in METRICS.values()]

Report = Mapping[str, Any]
Named = Mapping[str, Mapping[str, Any]]  # name -> metric -> value, low, high


@dataclass(frozen=True)
class Figure:
    """`note` explains how to read it, in a sentence."""

    title: str
    spec: Spec
    note: str = ""


@dataclass(frozen=True)
class Section:
    title: str
    figures: Sequence[Figure]
    note: str = ""


def report_sections(report: Report, categories: Mapping[int, str]) -> list[Section]:
    """All plots of one report; `categories` are names by key."""
    sections = [
        Section(
            "How good",
            metrics(report["models"]),
            "Each with its 95 % interval over people (bootstrap; coverage and Gini by "
            "the jackknife).",
        ),
        Section("Person by person", _differences(report)),
        Section("For whom, and for what", breakdown_figures(report.get("curves", {}))),
        Section("Categories", _calibration(report, categories)),
    ]
    return [section for section in sections if section.figures]


def metrics(measured: Named) -> list[Figure]:
    """One plot for each metric that was measured."""
    return [
        Figure(
            title,
            vega.dots(
                [
                    {"name": name, **each[metric]}
                    for name, each in measured.items()
                    if metric in each
                ],
                axis=head,
                names=list(measured),
            ),
        )
        for (metric, title), head in zip(METRICS.items(), HEADS, strict=True)
        if any(metric in each for each in measured.values())
    ]


def differences(metric: str, ours: str, rows: Mapping[str, Any]) -> Figure:
    """Paired differences to other models by their names; below zero `ours` is worse."""
    spec = vega.dots(
        [{"name": name, **each} for name, each in rows.items()],
        axis="difference",
        names=[ours, *rows],
        zero=True,
    )
    note = "An interval that does not touch zero is a difference at the 5 % level."
    return Figure(f"{METRICS[metric]}: {ours} less each other", spec, note)


def breakdown_figures(curves: Mapping[str, Any]) -> list[Figure]:
    """Metrics for new people, by length of history, and by popularity of videos."""
    plots = []
    if curves.get("newcomers"):
        people = curves["newcomers"][0]["count"]
        plots.append(
            Figure(
                "New people",
                vega.lines(
                    _by_model(curves["newcomers"], "known"),
                    x="known",
                    x_title="watches known of a new person",
                    y_title="NDCG@10",
                ),
                f"{people} people unknown to all models. The targets are their watches "
                "after the fifth video, at every step; the models are not retrained.",
            )
        )
    for key, title, across, up, note in (
        (
            "by history",
            "People by how well they are known",
            "watches known",
            "NDCG@10",
            "The number of people is in brackets. Each range has other people, so "
            "compare models, not ranges.",
        ),
        (
            "by item",
            "Videos by how often they were watched",
            "watches before the cut",
            "Recall@20",
            "The share of the later watches of such videos that is recommended; the "
            "number of watches is in brackets.",
        ),
    ):
        if curves.get(key):
            rows = _by_model(
                [
                    row | {"range": f"{row['range']} ({row['count']})"}
                    for row in curves[key]
                ],
                "range",
            )
            spec = vega.lines(rows, x="range", x_title=across, y_title=up, ordinal=True)
            plots.append(Figure(title, spec, note))
    return plots


def training_figures(steps: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Figure]:
    """Loss, and validation where measured, by epoch; `steps` by the names of runs."""
    plots = []
    for field, title in (("loss", "Loss"), ("validation", "Validation Recall@20")):
        rows = [
            {"name": name, "epoch": step["epoch"], "value": step[field]}
            for name, each in steps.items()
            for step in each
            if step.get(field) is not None
        ]
        if len({row["epoch"] for row in rows}) > 1:
            spec = vega.lines(rows, x="epoch", x_title="epoch", y_title=title)
            plots.append(Figure(f"{title} by epoch", spec))
    return plots


def _differences(report: Report) -> list[Figure]:
    ours = next(iter(report["models"]))
    rivals = report["differences"].get(ours, {})
    if not rivals:
        return []
    return [
        differences(metric, ours, {name: e[metric] for name, e in rivals.items()})
        for metric in PAIRED
    ]


def _calibration(report: Report, categories: Mapping[int, str]) -> list[Figure]:
    rows = [
        {"group": categories.get(row["category"], f"Category {row['category']}")}
        | {"name": name, "value": value}
        for row in report.get("curves", {}).get("categories", [])[:CATEGORIES]
        for name, value in (
            ("watched before", row["past"]),
            ("watched next", row["next"]),
            *row["models"].items(),
        )
    ]
    if not rows:
        return []
    spec = vega.shares(rows, axis="share")
    note = (
        "What is recommended compared with what the same people watch. A model that "
        "only follows popularity overrates the largest categories."
    )
    return [Figure("Calibration by category", spec, note)]


def _by_model(rows: Sequence[Mapping[str, Any]], x: str) -> list[dict[str, Any]]:
    return [
        {"name": name, x: row[x], **interval}
        for row in rows
        for name, interval in row["models"].items()
    ]
