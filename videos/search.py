"""Full-text search in PostgreSQL.

A video's vector holds its title (weight A), its creator's names (B), its categories
and tags (C) and its description (D). `refresh` writes it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.contrib.postgres.search import SearchQuery, SearchRank
from django.db import connection
from django.db.models import BigIntegerField, F, Value
from django.db.models.functions import Cast, Coalesce, Least, Ln

from rest.pagination import Slice, greatest_first, newest_first
from videos.models import Video
from videos.querysets import VideoQuerySet

CONFIG = "english"

REFRESH = """
UPDATE videos_video SET search =
    setweight(to_tsvector(%(config)s::regconfig, videos_video.title), 'A')
    || setweight(to_tsvector('simple', (
        SELECT concat_ws(' ', username, first_name, last_name)
        FROM accounts_user WHERE id = videos_video.creator_id)), 'B')
    || setweight(to_tsvector(%(config)s::regconfig, coalesce((
        SELECT string_agg(name, ' ') FROM (
            SELECT c.name FROM videos_video_categories vc
            JOIN videos_category c ON c.id = vc.category_id
            WHERE vc.video_id = videos_video.id
            UNION ALL
            SELECT p.name FROM videos_video_parent_categories vp
            JOIN videos_parentcategory p ON p.id = vp.parentcategory_id
            WHERE vp.video_id = videos_video.id
            UNION ALL
            SELECT unnest(videos_video.tags)) AS names), '')), 'C')
    || setweight(to_tsvector(%(config)s::regconfig, videos_video.description), 'D')
WHERE %(everything)s OR videos_video.id = ANY(%(videos)s)
"""


def refresh(videos: Sequence[int] | None = None) -> int:
    """Write the search vectors of the videos with these keys, or of all videos.

    Returns the number of rows.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            REFRESH,
            {
                "config": CONFIG,
                "everything": videos is None,
                "videos": list(videos or []),
            },
        )
        return int(cursor.rowcount)


def matching(videos: VideoQuerySet, text: str) -> VideoQuerySet:
    """The `videos` that match `text`, annotated with `rank`.

    `text` may contain words, "phrases", or, -not. The last word also matches as a
    prefix, for search while typing.
    """
    query = SearchQuery(text, config=CONFIG, search_type="websearch")
    query |= SearchQuery(text, config="simple", search_type="websearch")
    if prefix := _prefix_query(text):
        query |= SearchQuery(prefix, config=CONFIG, search_type="raw")
        query |= SearchQuery(prefix, config="simple", search_type="raw")
    return videos.filter(search=query).annotate(
        rank=SearchRank(F("search"), query, cover_density=True)
    )


def search_page(
    videos: VideoQuerySet, *, text: str, sort: str, cursor: str, size: int
) -> Slice[Video]:
    """A page of the `videos` that match `text`, or of all if it is empty.

    `sort` is "newest", "views" or "relevance"; without a text, the newest are first.
    Raises `BadRequest` for a cursor of another list.
    """
    if text:
        videos = matching(videos, text)
    if sort == "views":
        return greatest_first(videos, number="views", cursor=cursor, size=size)
    if text and sort != "newest":
        videos = videos.annotate(relevance=_relevance())
        return greatest_first(videos, number="relevance", cursor=cursor, size=size)
    videos = videos.annotate(shown_at=Coalesce("published_at", "created_at"))
    return newest_first(videos, moment="shown_at", cursor=cursor, size=size)


def _relevance() -> Cast:
    """The rank, and among equal ones the logarithm of the engagement, as an integer."""
    popularity = Least(Ln(F("engagement") + 1.0) * Value(50.0), Value(999.0))
    rank = Cast(F("rank") * Value(1e4), BigIntegerField()) * Value(1000)
    return Cast(
        rank + Cast(popularity, BigIntegerField()), output_field=BigIntegerField()
    )


def _prefix_query(text: str) -> str:
    """`jazz pia` as `'jazz' & 'pia':*`; empty if the text has operators."""
    if re.search(r'["-]|\bor\b', text, re.IGNORECASE):
        return ""
    words = re.findall(r"\w+", text)
    if not words:
        return ""
    return " & ".join(f"'{word}'" for word in words) + ":*"
