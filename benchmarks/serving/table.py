"""The table that a measurement prints, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from benchmarks.serving.measure import Measured, Row

HEAD = (
    *("request", "queries", "first", "p50", "p90", "p99", "a second", "p50", "p99"),
    *("CPU web", "CPU PostgreSQL"),
)


def of_site(measured: Measured) -> str:
    """All rows; times in milliseconds."""
    size, plan = measured.size, measured.plan
    lines = [
        f"{size.videos:,} videos, {size.people:,} people, {size.engagements:,} "
        f"engagements, {size.follows:,} follows. Milliseconds. p50, p90 and p99 are of "
        f"one caller, then of {plan.callers} callers.",
        "",
        _line(HEAD),
        _line("---" for _ in HEAD),
        *(_line(_cells(row)) for row in measured.rows),
        "",
    ]
    lines += [
        f"{row.name} at {plan.rate:g} requests a second (reached "
        f"{row.at_rate.rate:.1f}): p50 {row.at_rate.p50:.1f}, "
        f"p90 {row.at_rate.p90:.1f}, p99 {row.at_rate.p99:.1f} ms."
        for row in measured.rows
        if row.at_rate is not None
    ]
    before, after = measured.memory_before, measured.memory_after
    lines.append(
        f"The first page came {measured.start:.1f} s after the start. A web process "
        f"had {before.own:.0f} MB of its own at first and {after.own:.0f} MB at the "
        f"end ({after.share:.0f} MB with its part of shared memory)."
    )
    return "\n".join(lines)


def of_growth(sites: Sequence[Mapping[str, Any]], scales: Sequence[float]) -> str:
    """p50 of one caller by the scale of the site, with the exponent of growth.

    `sites` are `Measured.to_json()`.
    """
    head = ("request", *(f"p50 at {scale:g}" for scale in scales), "exponent")
    lines = [_line(head), _line("---" for _ in head)]
    by_name = [
        {row["name"]: row["alone"]["p50"] for row in site["rows"]} for site in sites
    ]
    for name in by_name[0]:
        times = [names[name] for names in by_name if name in names]
        if len(times) == len(scales):
            cells = (f"{time:.1f}" for time in times)
            lines.append(_line((name, *cells, f"{exponent(scales, times):.2f}")))
    return "\n".join(lines)


def exponent(scales: Sequence[float], times: Sequence[float]) -> float:
    """The e in time = c * scale ** e, by least squares of the logarithms."""
    slope, _ = np.polyfit(np.log(scales), np.log(times), 1)
    return float(slope)


def _cells(row: Row) -> list[str]:
    return [
        row.name,
        str(row.queries),
        f"{row.first:.0f}",
        *(f"{value:.1f}" for value in (row.alone.p50, row.alone.p90, row.alone.p99)),
        f"{row.together.rate:.1f}",
        f"{row.together.p50:.1f}",
        f"{row.together.p99:.1f}",
        f"{row.web:.2f}",
        f"{row.postgres:.2f}",
    ]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
