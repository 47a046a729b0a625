"""A report as files: a self-contained page, and the report as JSON."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
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
    settings.NODE_MODULES / "vega-interpreter" / "build" / "vega-interpreter.min.js",
    settings.NODE_MODULES / "vega-lite" / "build" / "vega-lite.min.js",
    settings.BASE_DIR / "static" / "js" / "charts.js",
)
STYLES = (
    settings.BASE_DIR / "static" / "css" / "report.css",
    settings.BASE_DIR / "static" / "css" / "charts.css",
)


def write(report: Mapping[str, Any], folder: Path) -> None:
    """Write `report.html` and `report.json` into `folder`, creating it if necessary.

    Raises `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FIGURES).write_text(json.dumps(report, indent=2) + "\n")
    scripts = [_inline(path) for path in SCRIPTS]
    style = mark_safe("".join(path.read_text() for path in STYLES))
    context = {
        "report": report,
        "rows": rows(report),
        "heads": figures.HEADS,
        "sections": figures.report_sections(report, category_names()),
        "made_at": timezone.now(),
        "site": settings.SITE_NAME,
        "scripts": scripts,
        "style": style,
        "policy": _policy(scripts, style),
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


def _policy(scripts: Sequence[str], style: str) -> str:
    """The content security policy of the page: it runs its own scripts alone."""
    run = " ".join(_hash(script) for script in scripts)
    return f"default-src 'none'; script-src {run}; style-src {_hash(style)}"


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _inline(path: Path) -> SafeString:
    return mark_safe(path.read_text().replace("</script", "<\\/script"))
