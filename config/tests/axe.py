"""axe-core, the checker of accessibility, in a page of a test's browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings

SCRIPT: Path = settings.NODE_MODULES / "axe-core" / "axe.min.js"
WCAG = {
    "type": "tag",
    "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
}
ALL = {"type": "tag", "values": [*WCAG["values"], "best-practice"]}
CONTRAST = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}

# Transitions end first: half-way, colours have less contrast.
RUN = """async (runOnly) => {
    const moves = ({ effect }) => effect.getComputedTiming().endTime < 5000;
    do await new Promise(requestAnimationFrame);
    while (document.getAnimations().some(moves));
    const options = { runOnly, resultTypes: ["violations"] };
    const { violations } = await axe.run(document, options);
    return violations.flatMap(({ id, nodes }) => nodes.map(
        ({ target, html }) => `${id}: ${target.join(" ")}\\n      ${html.slice(0, 160)}`
    ));
}"""


def problems(page: Any, rules: dict[str, Any]) -> list[str]:
    """What `rules` find on the page as it is."""
    if not page.evaluate("'axe' in window"):
        # Not by a <script>, which the page's content security policy refuses.
        page.evaluate(SCRIPT.read_text())
    found: list[str] = page.evaluate(RUN, rules)
    return found
