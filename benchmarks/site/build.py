"""Builds a synthetic site in an empty, migrated database."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from benchmarks.site import activity, people, videos
from benchmarks.site.copying import bulk_load
from benchmarks.site.draws import Site, Size, draw
from benchmarks.site.named import ADMINISTRATOR, PASSWORD
from interactions.models import (
    Engagement,
    Follow,
    Impression,
    Inspire,
    Like,
    NotInterested,
    Rating,
    Watch,
)
from interactions.services.aggregates import rebuild
from recommender.dataset import view_counts
from videos.installation import ensure_administrator, install_catalogue
from videos.models import Category, Video

LOADED = (
    *(Watch, Like, Engagement, Follow, Impression, NotInterested, Rating, Inspire),
    *(Video.categories.through, Video.parent_categories.through),
    User.parent_category_interests.through,
)
CLIPS = 8


class NotEmpty(Exception):
    """The database has people already; the message says so."""


def build(
    size: Size, *, clips: int = CLIPS, say: Callable[[str], None] = lambda _: None
) -> Site:
    """Draw a site and write all of it in one transaction. Raises `NotEmpty`.

    `say` gets a line for each stage. The videos share `clips` real files.
    """
    if User.objects.exists():
        raise NotEmpty("This database has people already: choose an empty folder.")
    stage = _Stages(say)
    with transaction.atomic():
        install_catalogue()
        now = timezone.now()
        site = draw(size, Category.objects.count())
        stage("drawn")
        with bulk_load([model._meta.db_table for model in LOADED]):
            people.write(site, now)
            videos.write(site, now, clips)
            stage("people and videos")
            activity.write(site, now)
            stage("what people did")
        stage("indexes")
        _reset_sequences()
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        stage("statistics")
        rebuild()
        stage("counters and interests")
        videos.finish()
        stage("moods and search")
        view_counts.update()
        ensure_administrator(
            username=ADMINISTRATOR,
            email=f"{ADMINISTRATOR}@example.com",
            password=PASSWORD,
        )
    stage("recent views")
    return site


class _Stages:
    def __init__(self, say: Callable[[str], None]) -> None:
        self._say, self._since = say, time.monotonic()

    def __call__(self, title: str) -> None:
        now = time.monotonic()
        self._say(f"  {title}: {now - self._since:.1f} s")
        self._since = now


def _reset_sequences() -> None:
    statements = connection.ops.sequence_reset_sql(no_style(), apps.get_models())
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
