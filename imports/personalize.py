"""Rows of users, items and interactions as Amazon Personalize documents them.

The names of the columns are those of Personalize's schemas; others are ignored.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from django.conf import settings

from imports import values
from imports.records import Interaction, Item

ValueUnit = Literal["fraction", "percent"]
# The older systems label a view "watched", if more than `WATCHED_FROM` of the video
# was seen, or "clicked".
WATCHED = "watched"
WATCHES = {"watch", "view", "play", "clicked", WATCHED}
LIKES = {"like"}
DISMISSALS = {"dislike", "not_interested"}
CLICKS = {"click"}
INSPIRES = {"inspire"}
RATINGS = {"rating"}
KNOWN = sorted(WATCHES | LIKES | DISMISSALS | CLICKS | INSPIRES | RATINGS)


class Schema:
    """Parses rows by the names of their columns; raises `ValueError` for a bad row.

    `event_value` is the unit of EVENT_VALUE of a watch: a fraction or a percentage.
    `rating_scale` is the best rating: 5 or 10 for stars, 100 for a percentage.
    """

    def __init__(
        self,
        *,
        source: str = "personalize",
        event_value: ValueUnit = "fraction",
        rating_scale: int = 100,
    ) -> None:
        self.source = source
        self.title = f"Imported from {source}"
        self.highest_value = 100.0 if event_value == "percent" else 1.0
        self.rating_scale = rating_scale

    def item(self, cells: dict[str, str]) -> Item:
        external_id = values.identifier(cells["ITEM_ID"], "ITEM_ID")
        bare = self.bare_item(external_id)
        url = cells.get("URL", "").strip()
        created = cells.get("CREATION_TIMESTAMP", "").strip()
        description = cells.get("PRODUCT_DESCRIPTION", "")
        return Item(
            external_id=external_id,
            title=values.shorten(cells.get("TITLE", ""), values.MAX_TITLE)
            or bare.title,
            url=values.web_address(url, "URL") if url else bare.url,
            description=values.shorten(description, values.MAX_DESCRIPTION),
            duration=values.number(
                cells.get("DURATION", "").strip() or "0",
                "DURATION",
                low=0,
                high=values.MAX_SECONDS,
            ),
            published_at=values.publication(created, "CREATION_TIMESTAMP")
            if created
            else None,
            categories=self._categories(cells),
        )

    def bare_item(self, external_id: str) -> Item:
        """An item of which only the id is known; `.invalid` addresses do not exist."""
        path = quote(external_id, safe="")[: values.MAX_URL - 100]
        return Item(
            external_id=external_id,
            title=values.shorten(f"Item {external_id}", values.MAX_TITLE),
            url=f"https://{self.source}.invalid/{path}",
        )

    def _categories(self, cells: dict[str, str]) -> tuple[tuple[str, str], ...]:
        """Level 1 and 2 as parent and category, paired in order.

        Without a second level in the file, the first is a category of the source's own
        parent category.
        """
        for first, second in (
            ("GENRES", "GENRE_L2"),
            ("CATEGORY_L1", "CATEGORY_L2"),
        ):
            if first not in cells:
                continue
            upper = _names(cells[first], first)
            if second not in cells:
                return tuple((self.title, name) for name in upper)
            places = cells[second].split("|")
            if len(places) == len(upper):  # an empty place: the parent alone
                lower = [values.category(name, second) for name in places]
                return tuple(zip(upper, lower, strict=True))
            lower = _names(cells[second], second)
            if not lower:
                return tuple((name, "") for name in upper)
            if len(upper) == 1:
                upper *= len(lower)
            if len(upper) != len(lower):
                raise ValueError(
                    f"{first} has {len(upper)} values, {second} has {len(lower)}"
                )
            return tuple(zip(upper, lower, strict=True))
        return ()

    def interaction(self, cells: dict[str, str]) -> Interaction:
        event = cells.get("EVENT_TYPE", "watch").strip().lower().replace(" ", "_")
        if event not in KNOWN:
            raise ValueError(f"EVENT_TYPE {event[:40]!r} is none of {', '.join(KNOWN)}")
        fraction = None
        if event in WATCHES | CLICKS:
            value = cells.get("EVENT_VALUE", "").strip()
            labelled = event == WATCHED and not value
            fraction = (
                _labelled_fraction() if labelled else self._fraction(value, event)
            )
        return Interaction(
            person=values.identifier(cells["USER_ID"], "USER_ID"),
            item=self.bare_item(values.identifier(cells["ITEM_ID"], "ITEM_ID")),
            at=values.moment(cells["TIMESTAMP"], "TIMESTAMP"),
            fraction=fraction,
            viewed=event in WATCHES,
            liked=event in LIKES,
            dismissed=event in DISMISSALS,
            inspired=event in INSPIRES,
            rating=self._percent(cells) if event in RATINGS else None,
            event=event,
        )

    def _fraction(self, value: str, event: str) -> float | None:
        """Without a value, a watch is an untimed view, and a click is no view."""
        if not value:
            return None if event in WATCHES else 0.0
        highest = self.highest_value
        return values.number(value, "EVENT_VALUE", low=0, high=highest) / highest

    def _percent(self, cells: dict[str, str]) -> int:
        value, best = cells.get("EVENT_VALUE", "").strip(), self.rating_scale
        rating = values.number(value, "EVENT_VALUE", low=best / 100, high=best)
        return round(100 * rating / best)


def _names(cell: str, column: str) -> list[str]:
    return [values.category(name, column) for name in cell.split("|") if name.strip()]


def _labelled_fraction() -> float:
    """The smallest fraction that the label can mean."""
    return float(min(settings.WATCHED_FROM + 0.01, 1.0))
