"""A synthetic graph in PostgreSQL, with few very active people and popular videos."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from accounts.models import User
from videos.models import Category, ParentCategory, Video

# Shares of all relationships, by kind.
SHARES = {
    "engagement": 0.60,
    "liked": 0.14,  # of the engagements, those that are likes, too
    "follows": 0.10,
    "interest": 0.05,
    "chose": 0.04,
    "not_interested": 0.01,
}
PEOPLE, VIDEOS, CATEGORIES = 0.040, 0.020, 40  # people and videos per relationship
AT_ONCE = 5000

# Row numbers are powers of uniform random numbers, so that the first rows are frequent;
# repeated pairs are dropped.
PAIRS = """
INSERT INTO {table} ({source}, {target}, {columns})
SELECT people.id, others.id, {values}
FROM (
    SELECT DISTINCT floor(%(people)s * power(random(), 1.5))::int AS person,
        floor(%(others)s * power(random(), {skew}))::int AS other
    FROM generate_series(1, %(draws)s) LIMIT %(wanted)s
) AS drawn
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM accounts_user)
    AS people ON people.number = person
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS number FROM {nodes})
    AS others ON others.number = other
WHERE {condition}
"""


@dataclass(frozen=True)
class Relation:
    """A table of pairs, and the SQL of its ``columns`` and their ``values``.

    A pair is a user and a row of ``nodes``; a greater ``skew`` concentrates the pairs
    on fewer rows.
    """

    table: str
    columns: str
    values: str
    source: str = "user_id"
    target: str = "video_id"
    nodes: str = "videos_video"
    skew: float = 2.5
    condition: str = "true"


def fill(relationships: int) -> None:
    """Write people, videos and about ``relationships`` into an empty database."""
    people, videos = int(PEOPLE * relationships), int(VIDEOS * relationships)
    _nodes(people, videos)
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute("ANALYZE")
    wanted = {kind: int(share * relationships) for kind, share in SHARES.items()}
    _pairs(
        wanted["engagement"],
        people,
        videos,
        Relation(
            table="interactions_engagement",
            columns="fraction, seconds, sessions, viewed, liked, score, last_at,"
            " created_at, updated_at",
            values="0.7, 42, 1, true, random() < {}, 0.42, now() - random()"
            " * interval '90 days', now(), now()".format(
                SHARES["liked"] / SHARES["engagement"]
            ),
        ),
    )
    _pairs(
        wanted["follows"],
        people,
        people,
        Relation(
            table="interactions_follow",
            source="follower_id",
            target="followee_id",
            nodes="accounts_user",
            # Not on their ids: PostgreSQL would first join all pairs of people.
            condition="person <> other",
            columns="created_at, updated_at",
            values="now(), now()",
        ),
    )
    _pairs(
        wanted["interest"],
        people,
        CATEGORIES,
        Relation(
            table="interactions_usercategoryinterest",
            target="category_id",
            nodes="videos_category",
            skew=1,
            columns="score, interaction_count, scored_at, created_at, updated_at",
            values="random(), 3, now(), now(), now()",
        ),
    )
    _pairs(
        wanted["not_interested"],
        people,
        videos,
        Relation(
            table="interactions_notinterested",
            columns="created_at, updated_at",
            values="now(), now()",
        ),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO accounts_user_parent_category_interests"
            " (user_id, parentcategory_id) SELECT u.id, p.id FROM accounts_user u,"
            " videos_parentcategory p ORDER BY random() LIMIT %s",
            [wanted["chose"]],
        )
        cursor.execute("ANALYZE")


def _nodes(people: int, videos: int) -> None:
    """Create people, categories and videos, each with creator, category and parent."""
    parents = [
        ParentCategory.objects.create(name=f"Parent {n}", slug=f"parent-{n}")
        for n in range(8)
    ]
    categories = [
        Category.objects.create(
            name=f"Category {n}", slug=f"c-{n}", parent_category=parents[n % 8]
        )
        for n in range(CATEGORIES)
    ]
    users = User.objects.bulk_create(
        (User(username=f"person-{n}") for n in range(people)), AT_ONCE
    )
    now = timezone.now()
    rows = Video.objects.bulk_create(
        (
            Video(
                title=f"Video {n}",
                external_url="https://example.com/video.mp4",
                creator=users[n % 500],
                duration=60.0,
                state=Video.State.READY,
                published_at=now,
            )
            for n in range(videos)
        ),
        AT_ONCE,
    )
    of_category, of_parent = Video.categories.through, Video.parent_categories.through
    of_category.objects.bulk_create(
        (
            of_category(video=video, category=categories[n % CATEGORIES])
            for n, video in enumerate(rows)
        ),
        AT_ONCE,
    )
    of_parent.objects.bulk_create(
        (
            of_parent(video=video, parentcategory=parents[n % CATEGORIES % 8])
            for n, video in enumerate(rows)
        ),
        AT_ONCE,
    )


def _pairs(wanted: int, people: int, others: int, relation: Relation) -> None:
    statement = PAIRS.format(**vars(relation))
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {"people": people, "others": others, "draws": 2 * wanted, "wanted": wanted},
        )
