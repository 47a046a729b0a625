"""A report as files: a self-contained page, and the report as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from recommender.reports import figures
from videos.models import Category

PAGE = "report.html"
FIGURES = "report.json"
SCRIPTS = (
    settings.NODE_MODULES / "vega" / "build" / "vega.min.js",
    settings.NODE_MODULES / "vega-lite" / "build" / "vega-lite.min.js",
    settings.BASE_DIR / "static" / "js" / "charts.js",
)
STYLES = settings.BASE_DIR / "static" / "css" / "charts.css"


def write(report: Mapping[str, Any], folder: Path) -> None:
    """Write `report.html` and `report.json` into `folder`, creating it if necessary.

    Raises `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FIGURES).write_text(json.dumps(report, indent=2) + "\n")
    context = {
        "report": report,
        "rows": rows(report),
        "heads": figures.HEADS,
        "sections": figures.report_sections(report, category_names()),
        "made_at": timezone.now(),
        "site": settings.SITE_NAME,
        "scripts": [_inline(path) for path in SCRIPTS],
        "style": mark_safe(STYLES.read_text()),
    }
    (folder / PAGE).write_text(render_to_string("recommender/report.html", context))


def rows(report: Mapping[str, Any]) -> list[tuple[str, list[Any]]]:
    """Each model with its metrics, in the order of `figures.METRICS`."""
    return [
        (name, [measured.get(metric) for metric in figures.METRICS])
        for name, measured in report["models"].items()
    ]


def category_names() -> dict[int, str]:
    return dict(Category.objects.values_list("pk", "name"))


def _inline(path: Path) -> SafeString:
    return mark_safe(path.read_text().replace("</script", "<\\/script"))
