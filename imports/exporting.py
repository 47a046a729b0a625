"""Export of watches and reactions in the layout of Amazon Personalize.

Three CSV files, as `import_dataset --format personalize` reads them, each with its Avro
schema for Personalize. Rows are streamed. Only public videos are exported, and of a
person only the user id and the interests.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Model, QuerySet

from accounts.models import User
from interactions.models import Inspire, Like, NotInterested, Rating, Watch
from videos.models import Video

BATCH = 2000  # rows in memory
INTERACTION_MODELS = (Watch, Like, NotInterested, Inspire, Rating)
NAMESPACE = "com.amazonaws.personalize.schema"

Cells = tuple[object, ...]
Fields = Mapping[str, Any]

OPTIONAL_TEXT = {"type": ["null", "string"]}
CATEGORICAL = OPTIONAL_TEXT | {"categorical": True}


def _address(video: Video) -> str:
    return video.external_url or f"{settings.SITE_URL}{video.get_absolute_url()}"


def _pairs(video: Video) -> list[tuple[str, str]]:
    """(parent category, category); "" as the category of a parent without one."""
    pairs = [(c.parent_category.name, c.name) for c in video.categories.all()]
    named = {parent for parent, _ in pairs}
    alone = [p.name for p in video.parent_categories.all() if p.name not in named]
    return sorted([*pairs, *((parent, "") for parent in alone)])


def _level(place: int) -> Callable[[Video], str]:
    return lambda video: _joined(pair[place] for pair in _pairs(video))


def _joined(names: Iterable[str]) -> str:
    return "|".join(name.replace("|", "/") for name in names)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


# Columns of `items.csv` after the id; recommendations may return them too.
ITEM_COLUMNS: dict[str, Callable[[Video], str]] = {
    "TITLE": lambda video: video.title,
    "URL": _address,
    "CATEGORY_L1": _level(0),
    "CATEGORY_L2": _level(1),
    "DURATION": lambda video: str(video.duration),
    "CREATION_TIMESTAMP": lambda video: str(
        _seconds(video.published_at or video.created_at)
    ),
    "PRODUCT_DESCRIPTION": lambda video: video.description,
}
ITEM_PREFETCH = ("categories__parent_category", "parent_categories")

INTERACTIONS: Fields = {
    "USER_ID": {"type": "string"},
    "ITEM_ID": {"type": "string"},
    "TIMESTAMP": {"type": "long"},
    "EVENT_TYPE": {"type": "string"},
    "EVENT_VALUE": {"type": ["null", "float"]},
}
ITEMS: Fields = {
    "ITEM_ID": {"type": "string"},
    "TITLE": OPTIONAL_TEXT,
    "URL": OPTIONAL_TEXT,
    "CATEGORY_L1": CATEGORICAL,
    "CATEGORY_L2": CATEGORICAL,
    "DURATION": {"type": ["null", "float"]},
    "CREATION_TIMESTAMP": {"type": "long"},
    "PRODUCT_DESCRIPTION": OPTIONAL_TEXT | {"textual": True},
}
USERS: Fields = {"USER_ID": {"type": "string"}, "INTERESTS": CATEGORICAL}


class Export:
    """With a `source`: its rows, by external id. Without: all rows, by user name and
    video id."""

    def __init__(self, *, source: str = "") -> None:
        videos = Video.objects.listed()
        users = User.objects.filter(is_active=True)
        self.user_id, self.item_id = "username", "video_id"
        if source:
            videos = videos.filter(source=source).exclude(external_id="")
            users = users.filter(source=source).exclude(external_id="")
            self.user_id = self.item_id = "external_id"
        self.videos, self.users = videos.order_by("pk"), users.order_by("pk")

    def size(self) -> int:
        """The number of rows at this moment."""
        rows: list[QuerySet[Any]] = [self.videos, self.users]
        rows += [self._among(model) for model in INTERACTION_MODELS]
        return sum(each.count() for each in rows)

    def write(
        self, folder: Path, on_progress: Callable[[int], object]
    ) -> dict[str, int]:
        """Write the files into `folder`; return the number of rows of each.

        Interactions come first, so that the other files hold all users and items that
        they name, even if rows are added meanwhile. Raises `OSError`.
        """
        folder.mkdir(parents=True, exist_ok=True)
        return {
            name: _write(folder, name, fields, rows, on_progress)
            for name, fields, rows in (
                ("interactions", INTERACTIONS, self._interactions()),
                ("items", ITEMS, self._items()),
                ("users", USERS, self._people()),
            )
        }

    def _interactions(self) -> Iterator[Cells]:
        """The value of a watch is the fraction, empty if it was not timed; that of a
        rating is a percentage."""
        for row in self._rows(Watch, "timestamp", "watch_time"):
            user, item, at, fraction = row
            yield (
                user,
                item,
                _seconds(at),
                "watch",
                "" if fraction is None else fraction,
            )
        for user, item, at in self._rows(Like, "timestamp"):
            yield user, item, _seconds(at), "like", ""
        for user, item, at in self._rows(NotInterested, "created_at"):
            yield user, item, _seconds(at), "not_interested", ""
        for user, item, at in self._rows(Inspire, "timestamp"):
            yield user, item, _seconds(at), "inspire", ""
        for user, item, at, percent in self._rows(Rating, "timestamp", "percent"):
            yield user, item, _seconds(at), "rating", percent

    def _items(self) -> Iterator[Cells]:
        rows = self.videos.prefetch_related(*ITEM_PREFETCH)
        for video in rows.iterator(BATCH):
            columns = (column(video) for column in ITEM_COLUMNS.values())
            yield getattr(video, self.item_id), *columns

    def _people(self) -> Iterator[Cells]:
        rows = self.users.prefetch_related("parent_category_interests")
        for user in rows.iterator(BATCH):
            chosen = user.parent_category_interests.all()
            names = sorted(parent.name for parent in chosen)
            yield getattr(user, self.user_id), _joined(names)

    def _among(self, model: type[Model]) -> QuerySet[Any]:
        return model._default_manager.filter(
            user__in=self.users.order_by().values("pk"),
            video__in=self.videos.order_by().values("pk"),
        )

    def _rows(self, model: type[Model], *columns: str) -> Iterator[tuple[Any, ...]]:
        ids = (f"user__{self.user_id}", f"video__{self.item_id}")
        rows = self._among(model).order_by("pk").values_list(*ids, *columns)
        return rows.iterator(BATCH)


def _write(
    folder: Path,
    name: str,
    fields: Fields,
    rows: Iterable[Cells],
    on_progress: Callable[[int], object],
) -> int:
    schema = {
        "type": "record",
        "name": name.capitalize(),
        "namespace": NAMESPACE,
        "fields": [{"name": field} | kind for field, kind in fields.items()],
        "version": "1.0",
    }
    (folder / f"{name}-schema.json").write_text(json.dumps(schema, indent=2) + "\n")
    count = 0
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(fields)
        for row in rows:
            writer.writerow(row)
            count += 1
            on_progress(1)
    return count
