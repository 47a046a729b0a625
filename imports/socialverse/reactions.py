"""Views, likes, inspires and ratings of the source: staged, then inserted at once."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator

from imports import staging
from imports.loading import SESSIONS
from imports.socialverse import SOURCE, people
from imports.socialverse.page_report import ADDED, CHANGED, UNKNOWN_POST, PageReport
from imports.socialverse.rows import Reaction
from imports.staging import StagedRow
from videos.models import Video

TIMES = {
    "views": "viewed_at",
    "likes": "liked_at",
    "inspires": "inspired_at",
    "ratings": "rated_at",
}


def write(stream: str, reactions: Iterable[Reaction], report: PageReport) -> None:
    """Add new reactions. Those of unknown posts are left out: the next import reads
    them again."""
    reactions = list(reactions)
    videos = {
        key: (pk, creator)
        for key, pk, creator in Video.objects.filter(
            source=SOURCE, external_id__in={row.post for row in reactions}
        ).values_list("external_id", "pk", "creator_id")
    }
    known = [row for row in reactions if row.post in videos]
    report.counts[UNKNOWN_POST] += len(reactions) - len(known)
    people_report = PageReport()
    users = people.keys_by_id({row.person for row in known}, people_report)
    report.add_people(people_report)
    staging.prepare()
    staging.stage(_staged(stream, known, videos, users))
    new = staging.insert()
    report.counts[ADDED] += new.watches + new.likes + new.inspires + new.ratings
    report.counts[CHANGED] += new.changed_ratings


def _staged(
    stream: str,
    reactions: Iterable[Reaction],
    videos: dict[str, tuple[int, int]],
    users: dict[str, int],
) -> Iterator[StagedRow]:
    for row in reactions:
        video, creator = videos[row.post]
        user = users[row.person]
        yield StagedRow(
            user_id=user,
            video_id=video,
            session_id=_session(row),
            watched=stream == "views",
            watch_time=None,  # unknown
            watched_duration=0,
            counted=user != creator,
            at=row.at,
            liked=stream == "likes",
            inspired=stream == "inspires",
            rating=row.percent,
        )


def _session(row: Reaction) -> uuid.UUID:
    """The same id for the same view each time, so that a repetition adds nothing."""
    parts = (SOURCE, row.person, row.post, row.at.isoformat())
    return uuid.uuid5(SESSIONS, "\n".join(parts))
