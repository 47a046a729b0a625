"""The sprite of icons, `icons.svg`, made of the icons of Lucide that pages use."""

from __future__ import annotations

import json
import re

from django.conf import settings

LUCIDE = settings.NODE_MODULES / "@iconify-json" / "lucide" / "icons.json"
# The symbols, and the icon of Lucide for each.
ICONS = {
    "arrow-right": "arrow-right",
    "bell": "bell",
    "calendar": "calendar",
    "check": "check",
    "chevron-down": "chevron-down",
    "chevron-right": "chevron-right",
    "close": "x",
    "comment": "message-square",
    "edit": "pencil",
    "explore": "compass",
    "eye": "eye",
    "eye-off": "eye-off",
    "film": "film",
    "filter": "list-filter",
    "following": "users",
    "globe": "globe",
    "history": "rotate-ccw-clock",
    "home": "house",
    "image": "image",
    "info": "info",
    "keyboard": "keyboard",
    "like": "heart",
    "link": "link",
    "lock": "lock",
    "log-in": "log-in",
    "log-out": "log-out",
    "map-pin": "map-pin",
    "minus": "minus",
    "moon": "moon",
    "more": "ellipsis-vertical",
    "not-interested": "ban",
    "pause": "pause",
    "plus": "plus",
    "premium": "crown",
    "refresh": "refresh-cw",
    "reply": "reply",
    "search": "search",
    "settings": "sliders-horizontal",
    "share": "forward",
    "spark": "sparkle",
    "studio": "clapperboard",
    "sun": "sun",
    "system": "monitor",
    "trash": "trash",
    "trending": "trending-up",
    "upload": "upload",
    "user": "user-round",
    "verified": "badge-check",
    "warning": "triangle-alert",
    # Categories, by the emoji of `videos.catalog` (`|category_icon`)
    "category-art": "palette",
    "category-comedy": "laugh",
    "category-crafts": "hammer",
    "category-education": "graduation-cap",
    "category-food": "cooking-pot",
    "category-gaming": "gamepad-2",
    "category-music": "music",
    "category-nature": "leaf",
    "category-science": "microscope",
    "category-space": "rocket",
    "category-sports": "medal",
    "category-technology": "laptop",
    "category-travel": "plane",
    "category-wellness": "flower-2",
}
FILLED = {"like-filled": "heart", "play": "play"}
# The page styles the strokes (`.icon`).
STYLES = re.compile(r' (?:fill|stroke(?:-width|-linecap|-linejoin)?)="[^"]*"')


def sprite() -> str:
    icons = json.loads(LUCIDE.read_text())["icons"]
    symbols = [_symbol(name, icons[icon]["body"]) for name, icon in ICONS.items()]
    symbols += [
        _symbol(name, icons[icon]["body"], ' fill="currentColor"')
        for name, icon in FILLED.items()
    ]
    lines = "\n".join(symbols)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{lines}\n</svg>\n'


def _symbol(name: str, body: str, style: str = "") -> str:
    shapes = STYLES.sub("", body)
    return f'<symbol id="{name}" viewBox="0 0 24 24"{style}>{shapes}</symbol>'
