"""The stylesheet of all pages, `css/site.css`: a phone asks for one file, not 15."""

from __future__ import annotations

from django.conf import settings

CSS = settings.BASE_DIR / "static" / "css"
INTER = settings.NODE_MODULES / "@fontsource-variable" / "inter" / "opsz.css"
PARTS = (
    "tokens",
    "base",
    "layout",
    "buttons",
    "cards",
    "rows",
    "people",
    "forms",
    "overlays",
    "watch",
    "pages",
    "map",
    "tables",
)


def stylesheet() -> str:
    """The font, then the files of `static/css` that `PARTS` names, in this order."""
    fonts = INTER.read_text().replace("url(./files/", "url(../vendor/inter/files/")
    return "\n".join([fonts, *((CSS / f"{name}.css").read_text() for name in PARTS)])
