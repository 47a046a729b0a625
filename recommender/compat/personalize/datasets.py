"""PutItems and PutUsers, and the users and items that events name for the first time.

Properties map to columns by name: `creationTimestamp` is CREATION_TIMESTAMP.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import ServiceClient, User
from imports import values
from imports.catalogue import Catalogue
from imports.loading import lock
from imports.personalize import Schema
from imports.records import DatasetError, Item
from recommender.compat.personalize import identities
from recommender.compat.personalize.errors import InvalidInput, ResourceInUse
from videos import search
from videos.models import Video

PATIENCE = timedelta(seconds=5)  # with an import that adds the same people
WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

Members = dict[str, Any]


def put_items(client: ServiceClient, asked: Members) -> Members:
    """Create the videos, or update them."""
    schema = Schema(source=client.source)
    items = []
    for place, item in enumerate(asked["items"], 1):
        cells = _cells(item.get("properties"), place) | {"ITEM_ID": item["itemId"]}
        try:
            items.append(schema.item(cells))
        except ValueError as error:
            raise InvalidInput(f"items.{place}: {error}") from error
    with transaction.atomic():
        catalogue = _catalogue(client)
        catalogue.put_videos(items)
        _publish(catalogue, items, Video.Visibility.PUBLIC)
    return {}


def put_users(client: ServiceClient, asked: Members) -> Members:
    """Create the users; their properties are not stored."""
    ids = []
    for place, user in enumerate(asked["users"], 1):
        _cells(user.get("properties"), place)
        ids.append(_identifier(user["userId"], f"users.{place}.userId"))
    with transaction.atomic():
        _catalogue(client).add_users(ids)
    return {}


def person(client: ServiceClient, user_id: str) -> User:
    """The user of an event, created if new."""
    user = identities.person(client, user_id)
    if user is None:
        catalogue = _catalogue(client)
        external_id = _identifier(user_id, "userId")
        catalogue.add_users([external_id])
        user = User.objects.get(pk=catalogue.users_by_id[external_id])
    return user


def videos(client: ServiceClient, items: Iterable[Item]) -> dict[str, Video]:
    """The videos of events, by item id, created if new.

    A new video is unlisted until PutItems describes it: its events are stored, and no
    feed shows it.
    """
    wanted = {item.external_id: item for item in items}
    found = identities.videos(client, wanted, Video.objects.all())
    missing = [item for item in wanted.values() if item.external_id not in found]
    if missing:
        catalogue = _catalogue(client)
        catalogue.add_videos(missing)
        _publish(catalogue, missing, Video.Visibility.UNLISTED)
        found = identities.videos(client, wanted, Video.objects.all())
    return found


def _catalogue(client: ServiceClient) -> Catalogue:
    try:
        lock(patience=PATIENCE)
    except DatasetError as error:
        raise ResourceInUse(f"Try again in a while: {error}.") from error
    return Catalogue(source=client.source, title=f"Imported from {client.source}")


def _publish(
    catalogue: Catalogue, items: Iterable[Item], visibility: Video.Visibility
) -> None:
    keys = [catalogue.videos_by_id[item.external_id].pk for item in items]
    rows = Video.objects.filter(pk__in=keys)
    rows.filter(published_at=None).update(published_at=timezone.now())
    rows.update(visibility=visibility)
    search.refresh(keys)


def _identifier(text: str, name: str) -> str:
    try:
        return values.identifier(text, name)
    except ValueError as error:
        raise InvalidInput(str(error)) from error


def _cells(properties: Any, place: int) -> dict[str, str]:
    if properties is None:
        return {}
    if not isinstance(properties, dict):
        raise InvalidInput(f"The properties of member {place} must be an object.")
    return {
        WORD_START.sub("_", name).upper(): _cell(value)
        for name, value in properties.items()
    }


def _cell(value: Any) -> str:
    """The value as text of a CSV column."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "|".join(_cell(each) for each in value)
    return value if isinstance(value, str) else json.dumps(value)
