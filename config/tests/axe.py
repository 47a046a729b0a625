"""axe-core, the checker of accessibility, in a page of a test's browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

SCRIPT: Path = settings.NODE_MODULES / "axe-core" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]  # tags: 2.2 AA
ALL = [*WCAG, "best-practice"]
CONTRAST = ["cat.color"]  # what a theme can change

RUN = """async (options) => {
    const { violations } = await axe.run(document, options);
    return violations.flatMap(({ id, nodes }) => nodes.map(
        ({ target, html }) => `${id}: ${target.join(" ")}\\n      ${html.slice(0, 160)}`
    ));
}"""


def problems(page: Any, tags: list[str]) -> list[str]:
    """What axe's rules with one of `tags` find on the page as it is."""
    if not page.evaluate("'axe' in window"):
        # Not by a <script>, which the page's content security policy may refuse.
        page.evaluate(SCRIPT.read_text())
    chosen = {"runOnly": {"type": "tag", "values": tags}, "resultTypes": ["violations"]}
    found: list[str] = page.evaluate(RUN, chosen)
    return found
