"""Reports of benchmarks, as a table or a JSON file."""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from recommender.ml.evaluation.interval import Interval

Figures = Mapping[str, Interval]


@dataclass(frozen=True)
class Report:
    """One protocol on one data set; ``models`` maps name and metric to a value with its
    95 % interval. ``notes`` are shown below the table."""

    protocol: str
    dataset: str
    seconds: float
    peak_memory_mb: float
    models: Mapping[str, Figures]
    differences: Mapping[str, Figures] = field(default_factory=dict)
    notes: Sequence[str] = ()


def peak_memory_mb() -> float:
    """The peak memory so far of this process or any command it ran."""
    processes = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = max(resource.getrusage(each).ru_maxrss for each in processes)
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def table(report: Report) -> str:
    """Rows of models, columns of metrics; a star marks the best value of a column."""
    metrics = list(dict.fromkeys(m for row in report.models.values() for m in row))
    best = {
        metric: max(
            row[metric].value for row in report.models.values() if metric in row
        )
        for metric in metrics
    }
    width = max([len(name) for name in report.models] + [8])
    columns = [max(len(metric), 23) for metric in metrics]
    head = "".join(f"{m:>{c + 2}}" for m, c in zip(metrics, columns, strict=True))
    lines = [
        f"{report.protocol} on {report.dataset}: {report.seconds:.0f} s, "
        f"{report.peak_memory_mb:.0f} MB at most",
        f"{'':{width}}{head}",
    ]
    for name, row in report.models.items():
        cells = []
        for metric, column in zip(metrics, columns, strict=True):
            text = ""
            if metric in row:
                value = row[metric]
                star = "*" if value.value == best[metric] else " "
                text = f"{value.value:.4f}{star} ({value.low:.4f}-{value.high:.4f})"
            cells.append(f"{text:>{column + 2}}")
        lines.append(f"{name:{width}}{''.join(cells)}")
    for pair, row in report.differences.items():
        shown = ", ".join(
            f"{metric} {value.value:+.4f} ({value.low:+.4f} to {value.high:+.4f})"
            for metric, value in row.items()
        )
        lines.append(f"{pair}: {shown}")
    return "\n".join([*lines, *report.notes])


def write(reports: Sequence[Report], path: Path) -> None:
    """Write one report as an object, several as a list."""
    documents = [asdict(report) for report in reports]
    document = documents[0] if len(documents) == 1 else documents
    path.write_text(json.dumps(document, indent=2) + "\n")
