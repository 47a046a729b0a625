"""The table that the trainings print, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Figures = Mapping[str, Any]


def of_trainings(results: Sequence[Figures]) -> str:
    """One column for each training, one row for each stage, in seconds."""
    stages = dict.fromkeys(stage for r in results for stage in r["stages"])
    details = dict.fromkeys(stage for r in results for stage in r["details"])
    rows = [
        ("engagements", [f"{r['engagements']:,}" for r in results]),
        ("training", [f"{r['model']}, {r['kind']}" for r in results]),
        *((stage, [r["details"].get(stage, "") for r in results]) for stage in details),
        *(
            (f"{stage}, s", [_number(r["stages"].get(stage), 1) for r in results])
            for stage in stages
        ),
        ("in all, s", [_number(r["total"], 1) for r in results]),
        ("peak memory, MB", [_number(r["peak"], 0) for r in results]),
        ("artifact, MB", [_number(r["artifact"], 0) for r in results]),
        ("load, s", [_number(r["load"], 2) for r in results]),
        ("index of its vectors, s", [_number(r.get("index"), 2) for r in results]),
        ("recall of the index", [_number(r.get("recall"), 3) for r in results]),
        ("gate", [_gate(r) for r in results]),
    ]
    head, *body = [f"| {name} | {' | '.join(cells)} |" for name, cells in rows]
    rule = f"|{' --- |' * (len(results) + 1)}"
    return "\n".join([head, rule, *body])


def line_of(figures: Figures) -> str:
    """One training in one line."""
    stages = ", ".join(f"{name} {s:.1f} s" for name, s in figures["stages"].items())
    return (
        f"{figures['engagements']:,} engagements, {figures['kind']}: {stages}; in all "
        f"{figures['total']:.1f} s, {figures['peak']:.0f} MB; {_gate(figures)}"
    )


def _gate(figures: Figures) -> str:
    values = ", ".join(f"{k} {v:.4f}" for k, v in figures["gate"].items())
    return f"{figures['state']}: {values}" if values else str(figures["state"])


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"
