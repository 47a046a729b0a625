"""Users and videos by the ids that a service client uses.

Ids of the client's source come first, then usernames and video ids.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet

from accounts.models import ServiceClient, User
from videos.models import Video


def person(client: ServiceClient, user_id: str) -> User | None:
    people = User.objects.filter(is_active=True)
    own = people.filter(source=client.source, external_id=user_id).first()
    return own or people.filter(username__iexact=user_id).first()


def videos(
    client: ServiceClient, item_ids: Collection[str], among: QuerySet[Video]
) -> dict[str, Video]:
    """The videos of `among` with one of these ids, by id."""
    own = Q(source=client.source, external_id__in=item_ids)
    found = among.filter(own | Q(video_id__in=item_ids))
    by_id = {video.video_id: video for video in found if video.video_id in item_ids}
    return by_id | {
        video.external_id: video
        for video in found
        if video.source == client.source and video.external_id in item_ids
    }


def item_id(client: ServiceClient, video: Video) -> str:
    own = video.source == client.source and video.external_id
    return video.external_id if own else video.video_id
