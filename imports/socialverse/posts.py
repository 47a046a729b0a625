"""Posts of the source as external videos, with category, topic, tags and moods."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone

from accounts.models import User
from imports.catalogue import Catalogue
from imports.socialverse import SOURCE, TITLE, people
from imports.socialverse.page_report import ADDED, CHANGED, PageReport
from imports.socialverse.rows import CategoryRow, Post, TopicRow
from videos import search
from videos.models import Category, ParentCategory, Topic, Video
from videos.moods import lexicon, store
from videos.services import slug_of, unique_category_slug, unique_topic_slug

FIELDS = (
    *("title", "slug", "summary", "description", "tags", "topic_id", "creator_id"),
    *("external_url", "visibility", "is_premium"),
)


def write(posts: Iterable[Post], report: PageReport) -> None:
    """Create videos that are missing, and update those that changed."""
    wanted = {post.external_id: post for post in posts}
    people_report = PageReport()
    owners = people.owners(
        (post.owner for post in wanted.values() if post.owner), people_report
    )
    report.add_people(people_report)
    references = _References(wanted.values())
    rows = Video.objects.filter(source=SOURCE, external_id__in=wanted)
    videos = {video.external_id: video for video in rows}
    new, changed = [], []
    for key, post in wanted.items():
        owner = owners[post.owner.username] if post.owner else references.default_owner
        fields = _fields(post, owner, references)
        if key not in videos:
            videos[key] = Video(
                source=SOURCE,
                external_id=key,
                state=Video.State.READY,
                published_at=post.created_at or timezone.now(),
                **fields,
            )
            new.append(videos[key])
        elif any(getattr(videos[key], name) != value for name, value in fields.items()):
            for name, value in fields.items():
                setattr(videos[key], name, value)
            videos[key].updated_at = timezone.now()
            changed.append(videos[key])
    User.objects.filter(
        pk__in=[owner.pk for owner in owners.values()], role=User.Role.VIEWER
    ).update(role=User.Role.CREATOR)
    Video.objects.bulk_create(new)
    Video.objects.bulk_update(
        changed, [*(name.removesuffix("_id") for name in FIELDS), "updated_at"]
    )
    moved = _categorise(
        {videos[key].pk: references.category(post) for key, post in wanted.items()}
    )
    store.store(
        origin="emotions",
        strengths={
            videos[key].pk: lexicon.from_words(post.emotions)
            for key, post in wanted.items()
        },
    )
    store.store_from_texts([*new, *changed])
    search.refresh(sorted({video.pk for video in (*new, *changed)} | moved))
    report.counts[ADDED] += len(new)
    touched = {video.pk for video in changed} | moved
    report.counts[CHANGED] += len(touched - {video.pk for video in new})


def _fields(post: Post, owner: User, references: _References) -> dict[str, Any]:
    """Values of a video, by the names of `FIELDS`."""
    public, unlisted = Video.Visibility.PUBLIC, Video.Visibility.UNLISTED
    values = (
        *(post.title, slug_of(post.slug or post.title), post.summary),
        *(post.description, list(post.tags), references.topic(post), owner.pk),
        *(post.url, public if post.in_public_feed else unlisted, post.locked),
    )
    return dict(zip(FIELDS, values, strict=True))


def _categorise(wanted: dict[int, Category | None]) -> set[int]:
    """Set the one category of each video and its parent; return changed videos."""
    in_category = Video.categories.through.objects
    in_parent = Video.parent_categories.through.objects
    had = dict(
        in_category.filter(video__in=wanted).values_list("video_id", "category_id")
    )
    moved = {
        pk
        for pk, category in wanted.items()
        if had.get(pk) != (category and category.pk)
    }
    for links in (in_category, in_parent):
        links.filter(video__in=moved).delete()
    placed = {pk: category for pk in sorted(moved) if (category := wanted[pk])}
    in_category.bulk_create(
        in_category.model(video_id=pk, category_id=category.pk)
        for pk, category in placed.items()
    )
    in_parent.bulk_create(
        in_parent.model(video_id=pk, parentcategory_id=category.parent_category_id)
        for pk, category in placed.items()
    )
    return moved


class _References:
    """Categories and topics that posts name, and the owner of those without one."""

    def __init__(self, posts: Iterable[Post]) -> None:
        catalogue = Catalogue(source=SOURCE, title=TITLE)
        self.default_owner = catalogue.creator
        self._parent, _ = ParentCategory.objects.get_or_create(
            name=TITLE, defaults={"slug": unique_category_slug(TITLE)}
        )
        posts = list(posts)
        self._categories = self._known_categories(
            {p.category.external_id: p.category for p in posts if p.category}
        )
        self._topics = self._known_topics(
            {p.topic.external_id: p.topic for p in posts if p.topic}
        )

    def category(self, post: Post) -> Category | None:
        return self._categories[post.category.external_id] if post.category else None

    def topic(self, post: Post) -> int | None:
        return self._topics[post.topic.external_id].pk if post.topic else None

    def _known_categories(self, rows: dict[str, CategoryRow]) -> dict[str, Category]:
        """Look up or create categories; an existing one keeps its name."""
        existing = Category.objects.filter(source=SOURCE, external_id__in=rows)
        known = {category.external_id: category for category in existing}
        for key, row in rows.items():
            if key in known:
                continue
            alike = Category.objects.filter(
                parent_category=self._parent, name__iexact=row.name
            )
            name = f"{row.name[:40]} ({key[:17]})" if alike.exists() else row.name
            known[key] = Category.objects.create(
                source=SOURCE,
                external_id=key,
                name=name,
                slug=unique_category_slug(name),
                description=row.description,
                parent_category=self._parent,
            )
        return known

    def _known_topics(self, rows: dict[str, TopicRow]) -> dict[str, Topic]:
        """Look up, create or update topics; a topic keeps its slug."""
        existing = Topic.objects.filter(source=SOURCE, external_id__in=rows)
        known = {topic.external_id: topic for topic in existing}
        for key, row in rows.items():
            topic = known.setdefault(key, Topic(source=SOURCE, external_id=key))
            fields = {
                name: getattr(row, name)
                for name in ("name", "project_code", "description")
            }
            if topic.pk and all(getattr(topic, n) == v for n, v in fields.items()):
                continue
            for name, value in fields.items():
                setattr(topic, name, value)
            topic.slug = topic.slug or unique_topic_slug(row.slug or row.name)
            topic.save()
        return known
