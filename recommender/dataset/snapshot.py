"""The interaction graph at one moment.

What ties people and videos comes from Neo4j where a mirror is up to date, else from
PostgreSQL, and is the same; what they are, and what may be seen, from PostgreSQL. There
edges come by binary COPY straight into numpy: no row becomes a Python object.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from django.conf import settings
from django.db import connection
from django.db.models import F, FloatField, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Extract
from django.utils import timezone

from accounts.models import User
from interactions.models import Engagement, Follow, Inspire, NotInterested, Rating
from recommender.dataset import text_embeddings
from recommender.graph.mirror import driver, rows
from recommender.ml.data.features import ItemFeatures
from recommender.ml.data.snapshot import RELATIONS, GraphSnapshot, Links
from videos.models import Category, ParentCategory, Video

if TYPE_CHECKING:
    from recommender.graph.mirror.export import Export

HEADER = 19  # bytes: signature, flags, length of the (empty) extension
TRAILER = 2
GOOD = 0.5  # of the highest rating


def take(at: datetime | None = None) -> GraphSnapshot:
    """Every public, ready video and everyone who did something with one.

    Texts come with vectors where a text model is configured; those not computed yet
    are. All reads see one moment. Content and order depend on the rows alone, so the
    snapshot of unchanged data has an unchanged content hash.
    """
    with _mirror() as mirror, rows.one_moment():
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
        own_words = text_embeddings.of_users()
    relations = {**relations, "watched": _with_reactions(relations)}
    people = [
        np.asarray(end, np.int64)
        for name, links in relations.items()
        for kind, end in zip(RELATIONS[name], (links.source, links.target), strict=True)
        if kind == "user"
    ]
    user_ids = np.unique(np.concatenate(people))
    graph = GraphSnapshot.from_ids(
        taken_at=moment.timestamp(),
        user_ids=user_ids,
        item_ids=[row[0] for row in described],
        texts=[text_embeddings.of_video(row[1], row[2]) for row in described],
        duration=[row[3] for row in described],
        created=[(row[5] or row[4]).timestamp() for row in described],
        category_ids=[pk for pk, _ in categories],
        category_parent_ids=[parent for _, parent in categories],
        parent_ids=parents,
        user_texts=[own_words.get(key, "") for key in user_ids.tolist()],
        relations=relations,
    )
    return text_embeddings.embedded(graph)


def _mirror() -> AbstractContextManager[Export | None]:
    """The mirror, where there is one; its driver is imported only then."""
    if not driver.configured():
        return nullcontext()
    from recommender.graph.mirror import export

    return export.opened()


def of_today() -> GraphSnapshot:
    """Today's snapshot: taken when first asked for, the same until the day is over."""
    folder = settings.SNAPSHOTS_DIR / f"{timezone.localdate():%Y-%m-%d}"
    if not folder.exists():
        take().save(folder)
    return GraphSnapshot.load(folder)


def forget_earlier_days() -> None:
    """Delete the snapshots of days gone by."""
    for folder in settings.SNAPSHOTS_DIR.glob("????-??-??"):
        if folder.name < f"{timezone.localdate():%Y-%m-%d}":
            shutil.rmtree(folder)


def features(videos: QuerySet[Video]) -> list[ItemFeatures]:
    """What the model needs to place videos that its snapshot did not hold."""
    rows = videos.prefetch_related("categories", "parent_categories")
    return [
        ItemFeatures(
            id=video.pk,
            text=text_embeddings.of_video(video.title, video.description),
            duration=video.duration,
            created=(video.published_at or video.created_at).timestamp(),
            creator_id=video.creator_id,
            category_ids=[category.pk for category in video.categories.all()],
            parent_ids=[parent.pk for parent in video.parent_categories.all()],
        )
        for video in rows
    ]


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
    """What models learn from as watched: watches, what inspired, and what was rated as
    at least half good, each with its weight; a pair keeps its greatest."""
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
    number = FloatField()
    columns = rows.order_by().values_list(
        F(source),
        F(target),
        Cast(weight or Value(1.0), number),
        Cast(Extract(time, "epoch") if time else Value(0.0), number),
    )
    copied = _copy(columns)
    return Links(copied["f0"], copied["f1"], copied["f2"], copied["f3"])


def _copy(columns: QuerySet[Any, Any]) -> npt.NDArray[np.void]:
    """Two bigint and two double precision columns, none null, as a record array.

    In PostgreSQL's binary COPY each row is a count of fields, then for each field its
    length and its big-endian bytes; without nulls all rows are of one size.
    """
    layout = np.dtype(
        [
            ("count", ">i2"),
            *(
                part
                for i, kind in enumerate((">i8", ">i8", ">f8", ">f8"))
                for part in ((f"length{i}", ">i4"), (f"f{i}", kind))
            ),
        ]
    )
    sql, parameters = columns.query.sql_with_params()
    buffer = io.BytesIO()
    with connection.cursor() as cursor:
        query = cursor.mogrify(sql, parameters).decode()
        cursor.copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", buffer)
    data = buffer.getbuffer()[HEADER : len(buffer.getbuffer()) - TRAILER]
    records = np.frombuffer(data, layout)
    if len(records) and not (records["count"] == 4).all():
        raise ValueError("COPY gave rows of another shape than was asked for")
    return records
