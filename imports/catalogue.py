"""People and videos of one source: looked up by external id, created if missing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.utils import timezone

from accounts.models import User
from imports.records import Item
from videos.models import Category, ParentCategory, Video
from videos.services import slug_of, unique_category_slug

CREATORS = "dataset"  # the source of the accounts that own the videos of a dataset
PLAIN_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,60}")


@dataclass(frozen=True, slots=True)
class KnownVideo:
    pk: int
    duration: float


def username_for(source: str, external_id: str, *, distinct: bool = False) -> str:
    """`ml100k-12`; with a hash where the id is not plain, or must be `distinct`."""
    if PLAIN_NAME.fullmatch(external_id) and not distinct:
        return f"{source}-{external_id}"
    plain = re.sub(r"[^a-z0-9_.-]+", "-", external_id.lower())[:60].strip("-")
    digest = hashlib.sha256(external_id.encode()).hexdigest()[:12]
    return "-".join(part for part in (source, plain, digest) if part)


class Catalogue:
    """People and videos of the source, by external id.

    Memory grows with the number of people and videos only. `users_by_id` holds primary
    keys. `added_users` and `added_videos` count created rows; `renamed` counts people
    whose user name was taken.
    """

    def __init__(self, *, source: str, title: str) -> None:
        self.source = source
        self.added_users = self.added_videos = self.renamed = 0
        self.users_by_id: dict[str, int] = {}
        self.videos_by_id: dict[str, KnownVideo] = {}
        self._parents: dict[str, ParentCategory] = {}
        self._categories: dict[str, Category] = {}
        self.creator = self._get_or_create_creator(title)

    def add_users(self, external_ids: Iterable[str]) -> None:
        """Look these people up, and create those who are missing."""
        missing = {key for key in external_ids if key not in self.users_by_id}
        missing -= self._find_users(missing)
        clashing = missing - self._create_users(missing)
        self._create_users(clashing, distinct=True)
        self.renamed += len(clashing)
        self.added_users += len(missing)

    def add_videos(self, items: Iterable[Item]) -> None:
        """Look these videos up, unchanged, and create those that are missing.

        Of several items with one id the first counts.
        """
        wanted: dict[str, Item] = {}
        for item in items:
            if item.external_id not in self.videos_by_id:
                wanted.setdefault(item.external_id, item)
        if not wanted:
            return
        existing = Video.objects.filter(source=self.source, external_id__in=wanted)
        for pk, external_id, duration in existing.exclude(external_id="").values_list(
            "pk", "external_id", "duration"
        ):
            self.videos_by_id[external_id] = KnownVideo(pk, duration)
            del wanted[external_id]
        videos = Video.objects.bulk_create(self._video(i) for i in wanted.values())
        self._categorise(videos, wanted)
        for video in videos:
            known = KnownVideo(video.pk, video.duration)
            self.videos_by_id[video.external_id] = known
        self.added_videos += len(videos)

    def put_videos(self, items: Iterable[Item]) -> None:
        """As `add_videos`, but update existing videos from the items.

        Of several items with one id the last counts. A video keeps its date.
        """
        wanted = {item.external_id: item for item in items}
        known = list(
            Video.objects.filter(source=self.source, external_id__in=wanted)
            .exclude(external_id="")
            .select_for_update()
        )
        for video in known:
            item = wanted[video.external_id]
            video.title, video.description = item.title, item.description
            video.external_url, video.duration = item.url, item.duration
            video.updated_at = timezone.now()
        Video.objects.bulk_update(
            known, ["title", "description", "external_url", "duration", "updated_at"]
        )
        for relation in (Video.categories, Video.parent_categories):
            relation.through.objects.filter(video__in=known).delete()
        self._categorise(known, wanted)
        self.add_videos(wanted.values())

    def _find_users(self, external_ids: set[str]) -> set[str]:
        if not external_ids:
            return set()
        existing = dict(
            User.objects.filter(source=self.source, external_id__in=external_ids)
            .exclude(external_id="")
            .values_list("external_id", "pk")
        )
        self.users_by_id |= existing
        return set(existing)

    def _create_users(
        self, external_ids: set[str], *, distinct: bool = False
    ) -> set[str]:
        """Create those whose user name is free; return their external ids."""
        User.objects.bulk_create(
            [
                User(
                    source=self.source,
                    external_id=key,
                    username=username_for(self.source, key, distinct=distinct),
                    password=make_password(None),
                )
                for key in sorted(external_ids)
            ],
            ignore_conflicts=True,
        )
        return self._find_users(external_ids)

    def _get_or_create_creator(self, title: str) -> User:
        """The account that owns all videos of the source."""
        creator = User.objects.filter(source=CREATORS, external_id=self.source).first()
        if creator is None:
            taken = User.objects.filter(username__iexact=self.source).exists()
            creator = User.objects.create(
                source=CREATORS,
                external_id=self.source,
                username=username_for(CREATORS, self.source) if taken else self.source,
                first_name=title,
                password=make_password(None),
                role=User.Role.CREATOR,
            )
        return creator

    def _video(self, item: Item) -> Video:
        return Video(
            source=self.source,
            external_id=item.external_id,
            creator=self.creator,
            title=item.title,
            slug=slug_of(item.title),
            description=item.description,
            external_url=item.url,
            duration=item.duration,
            published_at=item.published_at,
            state=Video.State.READY,
        )

    def _categorise(self, videos: list[Video], items: dict[str, Item]) -> None:
        parents, categories = set(), set()
        for video in videos:
            for parent_name, name in items[video.external_id].categories:
                parent = self._parent(parent_name)
                parents.add((video.pk, parent.pk))
                if name:
                    categories.add((video.pk, self._category(parent, name).pk))
        in_parent, in_category = Video.parent_categories, Video.categories
        in_parent.through.objects.bulk_create(
            in_parent.through(video_id=video, parentcategory_id=parent)
            for video, parent in sorted(parents)
        )
        in_category.through.objects.bulk_create(
            in_category.through(video_id=video, category_id=category)
            for video, category in sorted(categories)
        )

    def _parent(self, name: str) -> ParentCategory:
        if name not in self._parents:
            self._parents[name] = ParentCategory.objects.filter(
                name__iexact=name
            ).first() or ParentCategory.objects.create(
                name=name, slug=unique_category_slug(name)
            )
        return self._parents[name]

    def _category(self, parent: ParentCategory, name: str) -> Category:
        """Look up by external id, which survives renaming, then by name; or create."""
        key = f"{parent.name}/{name}"
        if key not in self._categories:
            own = Category.objects.filter(source=self.source, external_id=key)
            alike = Category.objects.filter(parent_category=parent, name__iexact=name)
            self._categories[key] = (
                own.first()
                or alike.first()
                or Category.objects.create(
                    name=name,
                    slug=unique_category_slug(name),
                    parent_category=parent,
                    source=self.source,
                    external_id=key,
                )
            )
        return self._categories[key]
