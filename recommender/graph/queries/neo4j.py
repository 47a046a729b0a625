"""Graph queries in Neo4j. `mirror.schema` has the labels, types and properties."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from recommender.graph.mirror import driver
from recommender.graph.queries.interface import (
    CROWD,
    FINISHED,
    FOLLOWED,
    MAX_LIKERS,
    SAMPLE,
    Acquaintance,
    CoWatch,
    Paths,
)

# A query returns one list, `rows`, and whether the mirror is whole: one that is being
# rebuilt must not look like an empty one.
WHOLE = (
    "OPTIONAL MATCH (mirror:Mirror {complete: true}) WITH count(mirror) > 0 AS whole"
)

# `me` is null for a guest. Watches are read only of videos with a crowd: in Neo4j
# reading a property costs more than the step to it. WATCHED only joins users with
# videos, so the labels of its ends need no check.
FINISHERS = """
MATCH (start:Video {id: anchor})<-[finished:WATCHED]-(finisher)
WHERE finished.fraction >= $finished AND finished.viewed
    AND coalesce(finisher <> me, true)
WITH start, finisher ORDER BY finished.last DESC, finisher.id LIMIT $sample
MATCH (finisher)-[also:WATCHED]->(video) WHERE video <> start
"""
CROWDS = """
WITH video, collect(also) AS watches WHERE size(watches) >= $crowd
WITH video, size([w IN watches WHERE w.fraction >= $watched AND w.viewed]) AS people
WHERE people >= $crowd
"""

CO_WATCHED = f"""
{WHOLE}
CALL () {{
    OPTIONAL MATCH (me:User {{id: $viewer}})
    UNWIND $anchors AS anchor
    CALL (anchor, me) {{
        {FINISHERS} {CROWDS}
        RETURN video.id AS video, people ORDER BY people DESC, video LIMIT $limit
    }}
    WITH anchor, video, people ORDER BY anchor, people DESC, video
    RETURN collect([anchor, video, people]) AS rows
}}
RETURN whole, rows
"""

PATHS = f"""
{WHOLE}
CALL () {{
    MATCH (:User {{id: $viewer}})-[follows:FOLLOWS]->(friend:User)
    WITH friend ORDER BY follows.at DESC, friend.id LIMIT $followed
    MATCH (friend)-[:LIKED]->(video:Video) WHERE video.id IN $videos
    WITH video, friend ORDER BY friend.id
    WITH video.id AS video, collect(friend.id)[..$max_likers] AS likers
    RETURN collect([video, likers]) AS likers
}}
CALL () {{
    OPTIONAL MATCH (me:User {{id: $viewer}})
    UNWIND $anchors AS anchor
    CALL (anchor, me) {{
        {FINISHERS} AND video.id IN $videos {CROWDS}
        RETURN video.id AS video, people
    }}
    WITH anchor, video, people ORDER BY video, people DESC, anchor
    RETURN collect([video, anchor, people]) AS finished
}}
RETURN whole, [likers, finished] AS rows
"""

PEOPLE_TO_FOLLOW = f"""
{WHOLE}
CALL () {{
    MATCH (me:User {{id: $viewer}})
    CALL (me) {{
        MATCH (me)-[:FOLLOWS]->(:User)-[:FOLLOWS]->(person:User)
        RETURN person, 1 AS followed_by, 0 AS watched
        UNION ALL
        MATCH (me)-[seen:WATCHED]->(:Video)<-[:UPLOADED]-(person:User)
        WHERE seen.viewed AND seen.fraction >= $watched
        RETURN person, 0 AS followed_by, 1 AS watched
    }}
    WITH me, person, sum(followed_by) AS followed_by, sum(watched) AS watched
    WHERE person <> me AND NOT EXISTS {{ (me)-[:FOLLOWS]->(person) }}
    WITH person.id AS person, followed_by, watched
    ORDER BY followed_by + watched DESC, person LIMIT $limit
    RETURN collect([person, followed_by, watched]) AS rows
}}
RETURN whole, rows
"""


class Neo4jGraph:
    """`Graph` over the mirror: one Cypher query for each method.

    All raise `driver.GraphUnavailable`.
    """

    def co_watched(
        self, videos: Sequence[int], *, viewer: int | None, limit: int
    ) -> dict[int, list[CoWatch]]:
        by_anchor: dict[int, list[CoWatch]] = {video: [] for video in videos}
        rows = _ask(CO_WATCHED, anchors=list(by_anchor), viewer=viewer, limit=limit)
        for anchor, video, people in rows:
            by_anchor[anchor].append(CoWatch(video, people))
        return by_anchor

    def paths(
        self, *, viewer: int | None, anchors: Sequence[int], videos: Sequence[int]
    ) -> dict[int, Paths]:
        likers, finished = _ask(
            PATHS, viewer=viewer, anchors=list(anchors), videos=list(videos)
        )
        liked = {video: tuple(keys) for video, keys in likers}
        watched: dict[int, list[CoWatch]] = {}
        for video, anchor, people in finished:
            watched.setdefault(video, []).append(CoWatch(anchor, people))
        return {
            video: Paths(liked.get(video, ()), tuple(watched.get(video, ())))
            for video in liked.keys() | watched.keys()
        }

    def people_to_follow(self, viewer: int, *, limit: int) -> list[Acquaintance]:
        rows = _ask(PEOPLE_TO_FOLLOW, viewer=viewer, limit=limit)
        return [Acquaintance(*row) for row in rows]


def _ask(cypher: str, **values: Any) -> list[Any]:
    constants = {
        "crowd": CROWD,
        "followed": FOLLOWED,
        "finished": max(FINISHED, settings.VIEW_THRESHOLD),
        "max_likers": MAX_LIKERS,
        "sample": SAMPLE,
        "watched": settings.VIEW_THRESHOLD,
    }
    (answer,) = driver.ask(cypher, **constants, **values)
    if not answer["whole"]:
        raise driver.GraphUnavailable("The mirror is being rebuilt.")
    rows: list[Any] = answer["rows"]
    return rows
