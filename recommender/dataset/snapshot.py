"""The interaction graph at one moment.

Relations come from Neo4j where a mirror is up to date, else from PostgreSQL, with the
same result. Users, videos and visibility come from PostgreSQL. There binary COPY reads
edges straight into numpy: no row becomes a Python object.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db import connection
from django.db.models import DateTimeField, F, FloatField, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from accounts.models import User
from interactions.models import Engagement, Follow, Inspire, NotInterested, Rating
from recommender.dataset.text_embeddings import (
    user_texts,
    video_text,
    with_embeddings,
)
from recommender.graph.mirror import driver, rows
from recommender.ml.data.snapshot import RELATIONS, GraphSnapshot, Links
from videos.models import Category, ParentCategory, Video

if TYPE_CHECKING:
    from recommender.graph.mirror.export import Export

HEADER = 19  # bytes: signature, flags, length of the (empty) extension
TRAILER = 2
BINARY = {"source": ">i8", "target": ">i8", "weight": ">f8", "time": ">i8"}
MICROSECONDS_TO_2000 = 946_684_800_000_000
MOST_MARKS = 1 << 28
GOOD = 0.5  # of the highest rating


def take(at: datetime | None = None) -> GraphSnapshot:
    """Every public, ready video and every user who interacted with one.

    Where a text model is configured, texts have embeddings; missing ones are computed
    now. All queries read the same moment. Content and order depend only on the rows, so
    the snapshot of unchanged data has the same content hash.
    """
    with _export() as mirror, rows.one_moment():
        moment = at or timezone.now()
        listed = Video.objects.listed()
        videos = listed.order_by("pk")
        described = list(
            videos.values_list(
                "pk", "title", "description", "duration", "created_at", "published_at"
            )
        )
        categories = list(Category.objects.values_list("pk", "parent_category_id"))
        parents = list(ParentCategory.objects.values_list("pk", flat=True))
        relations = None
        if mirror is not None:
            relations = mirror.relations([row[0] for row in described])
        if relations is None:
            relations = _relations(listed)
        texts_of_users = user_texts()
    relations = {**relations, "watched": _with_reactions(relations)}
    people = [
        np.asarray(end, np.int64)
        for name, links in relations.items()
        for kind, end in zip(RELATIONS[name], (links.source, links.target), strict=True)
        if kind == "user"
    ]
    user_ids = _distinct(people)
    graph = GraphSnapshot.from_ids(
        taken_at=moment.timestamp(),
        user_ids=user_ids,
        item_ids=[row[0] for row in described],
        texts=[video_text(row[1], row[2]) for row in described],
        duration=[row[3] for row in described],
        created=[(row[5] or row[4]).timestamp() for row in described],
        category_ids=[pk for pk, _ in categories],
        category_parent_ids=[parent for _, parent in categories],
        parent_ids=parents,
        user_texts=[texts_of_users.get(key, "") for key in user_ids.tolist()],
        relations=relations,
    )
    return with_embeddings(graph)


def _distinct(keys: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """The sorted distinct keys; by marks where keys are small, as sequences give."""
    highest = max(int(each.max(initial=0)) for each in keys)
    if highest > MOST_MARKS:
        return np.unique(np.concatenate(keys))
    marks = np.zeros(highest + 1, bool)
    for each in keys:
        marks[each] = True
    return np.flatnonzero(marks)


def _export() -> AbstractContextManager[Export | None]:
    """An export of the mirror, if Neo4j is configured. Its driver is imported then."""
    if not driver.configured():
        return nullcontext()
    from recommender.graph.mirror import export

    return export.opened()


def take_once_a_day() -> GraphSnapshot:
    """The snapshot of today, taken by the first call of the day."""
    folder = settings.SNAPSHOTS_DIR / f"{timezone.localdate():%Y-%m-%d}"
    if not folder.exists():
        take().save(folder)
    return GraphSnapshot.load(folder)


def delete_earlier_days() -> None:
    """Delete the daily snapshots of earlier days."""
    for folder in settings.SNAPSHOTS_DIR.glob("????-??-??"):
        if folder.name < f"{timezone.localdate():%Y-%m-%d}":
            shutil.rmtree(folder)


def _relations(listed: QuerySet[Video]) -> dict[str, Links]:
    engagements = Engagement.objects.filter(video__in=listed)
    interests = User.parent_category_interests.through.objects
    in_category = Video.categories.through.objects.filter(video__in=listed)
    in_parent = Video.parent_categories.through.objects.filter(video__in=listed)
    return {
        "watched": _links(
            engagements.filter(score__gt=0),
            "user_id",
            "video_id",
            weight=F("score"),
            time="last_at",
        ),
        "liked": _links(
            engagements.filter(liked=True), "user_id", "video_id", time="last_at"
        ),
        "inspired": _links(
            Inspire.objects.filter(video__in=listed),
            "user_id",
            "video_id",
            weight=Value(settings.INSPIRE_WEIGHT),
            time="timestamp",
        ),
        "rated": _links(
            Rating.objects.filter(video__in=listed),
            "user_id",
            "video_id",
            # As floats, as Neo4j counts: decimals would round otherwise.
            weight=Cast("percent", FloatField())
            / Value(100.0)
            * Value(settings.RATING_WEIGHT),
            time="timestamp",
        ),
        "not_interested": _links(
            NotInterested.objects.filter(video__in=listed),
            "user_id",
            "video_id",
            time="created_at",
        ),
        "follows": _links(
            Follow.objects.all(), "follower_id", "followee_id", time="created_at"
        ),
        "uploaded": _links(
            listed, "creator_id", "id", time=Coalesce("published_at", "created_at")
        ),
        "interested_in": _links(
            interests.all(), "user_id", "parentcategory_id", time="user__date_joined"
        ),
        "in_category": _links(in_category, "video_id", "category_id"),
        "in_parent": _links(in_parent, "video_id", "parentcategory_id"),
    }


def _with_reactions(relations: Mapping[str, Links]) -> Links:
    """Watches, inspirations and ratings of at least `GOOD`, each with its weight.

    Models learn from all of them as watches; a pair keeps its greatest weight.
    """
    rated = relations["rated"]
    good = np.asarray(rated.weight) >= GOOD * settings.RATING_WEIGHT
    parts = [
        relations["watched"],
        relations["inspired"],
        Links(*(np.asarray(getattr(rated, f.name))[good] for f in fields(Links))),
    ]
    return Links(
        *(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Links))
    )


def _links(
    rows: QuerySet[Any],
    source: str,
    target: str,
    *,
    weight: Combinable | None = None,
    time: str | Combinable | None = None,
) -> Links:
    """The rows as parallel arrays; `time` becomes seconds since 1970."""
    columns: dict[str, Combinable] = {"source": F(source), "target": F(target)}
    if weight is not None:
        columns["weight"] = Cast(weight, FloatField())
    if time is not None:
        columns["time"] = Cast(time, DateTimeField())
    copied = _copy(rows.order_by().values_list(*columns.values()), list(columns))
    return Links(
        copied["source"],
        copied["target"],
        copied.get("weight", 1.0),
        copied.get("time", 0.0),
    )


def _copy(
    rows: QuerySet[Any, Any], columns: Sequence[str]
) -> dict[str, npt.NDArray[Any]]:
    """The ``columns`` (keys of `BINARY`) of rows without nulls, as native arrays.

    In PostgreSQL's binary COPY each row is the number of fields, then for each field
    its length and its big-endian bytes. Without nulls all rows have the same size.
    """
    layout = np.dtype(
        [
            ("count", ">i2"),
            *(
                part
                for name in columns
                for part in ((f"length of {name}", ">i4"), (name, BINARY[name]))
            ),
        ]
    )
    sql, parameters = rows.query.sql_with_params()
    buffer = io.BytesIO()
    with connection.cursor() as cursor:
        query = cursor.mogrify(sql, parameters).decode()
        cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", buffer)
    data = buffer.getbuffer()[HEADER : len(buffer.getbuffer()) - TRAILER]
    records = np.frombuffer(data, layout)
    if len(records) and not (records["count"] == len(columns)).all():
        raise ValueError("COPY returned rows of an unexpected shape")
    arrays = {name: records[name].astype(BINARY[name][1:]) for name in columns}
    if "time" in arrays:  # PostgreSQL counts microseconds since 2000
        arrays["time"] = (arrays["time"] + MICROSECONDS_TO_2000) / 1e6
    return arrays
