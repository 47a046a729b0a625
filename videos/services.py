"""Changes to categories and videos."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial
from typing import Any

from django.core.files import File
from django.core.files.storage import Storage
from django.db import transaction
from django.utils.text import slugify

from accounts.models import User
from videos import search, tasks
from videos.files.renditions import make_renditions
from videos.models import Category, ParentCategory, Topic, Video
from videos.moods import store


def unique_category_slug(name: str) -> str:
    """A slug that no category and no parent category has: `jazz`, `jazz-2`, ..."""
    return _unique_slug(slugify(name)[:70] or "category", ParentCategory, Category)


def unique_topic_slug(name: str) -> str:
    """A slug that no topic has."""
    return _unique_slug(slugify(name)[:150] or "topic", Topic)


def _unique_slug(base: str, *models: type[ParentCategory | Category | Topic]) -> str:
    slug, number = base, 1
    while any(model._default_manager.filter(slug=slug).exists() for model in models):
        number += 1
        slug = f"{base}-{number}"
    return slug


def slug_of(title: str) -> str:
    """The title for URLs: `how-bees-dance`. Several videos may share one."""
    return slugify(title)[:200]


@transaction.atomic
def create_video(
    *,
    creator: User,
    file: File[Any] | None = None,
    thumbnail: File[Any] | None = None,
    parent_categories: Iterable[ParentCategory] = (),
    categories: Iterable[Category] = (),
    **values: Any,
) -> Video:
    """Store a video; `values` are other fields, such as title and visibility.

    A worker probes the file and makes it playable (`process_video`), and makes a
    thumbnail if there is none. A video with an external URL is ready at once.
    """
    video = Video(creator=creator, **values)
    if file is not None:
        video.video_file.save("video", file, save=False)
    if thumbnail is not None:
        video.thumbnail.save("thumbnail.jpg", thumbnail, save=False)
    try:
        add_video(video=video)
        set_categories(
            video=video, parent_categories=parent_categories, categories=categories
        )
    except Exception:
        remove_files(video)
        raise
    return video


@transaction.atomic
def add_video(*, video: Video) -> None:
    """Write the row of a new video and enqueue the processing of its file."""
    video.slug = video.slug or slug_of(video.title)
    if not video.video_file:
        video.state = Video.State.READY
        video.publish()
    video.save()
    if video.thumbnail:
        make_renditions(video)
    store.store_from_texts([video])
    if video.video_file:
        tasks.process_video.enqueue(video.pk)


@transaction.atomic
def update_video(
    *,
    video: Video,
    parent_categories: Iterable[ParentCategory],
    categories: Iterable[Category],
    thumbnail: File[Any] | None = None,
    **values: Any,
) -> None:
    """Change title, description and visibility (`values`), categories and thumbnail."""
    for name, value in values.items():
        setattr(video, name, value)
    if thumbnail is not None:
        video.thumbnail.save("thumbnail.jpg", thumbnail, save=False)
    fields = [*values] if thumbnail is None else [*values, "thumbnail"]
    save_video(video=video, fields=fields)
    set_categories(
        video=video, parent_categories=parent_categories, categories=categories
    )


@transaction.atomic
def save_video(*, video: Video, fields: Collection[str]) -> None:
    """Write the edited `fields` and no others.

    Views and workers may have changed counters, state and file since `video` was read.
    A replaced thumbnail is deleted after commit.
    """
    stored = Video.objects.select_for_update(no_key=True).get(pk=video.pk)
    if "thumbnail" in fields:
        for name in stored.thumbnail_names:
            _remove_after_commit(stored.thumbnail.storage, name)
    for name in fields:
        setattr(stored, name, getattr(video, name))
    stored.publish()
    stored.save(update_fields=[*fields, "published_at", "updated_at"])
    if "thumbnail" in fields:
        make_renditions(stored)
    if {"title", "description", "tags"} & set(fields):
        store.store_from_texts([stored])


@transaction.atomic
def set_categories(
    *,
    video: Video,
    parent_categories: Iterable[ParentCategory],
    categories: Iterable[Category],
) -> None:
    """Set categories and parent categories, with the parents of all categories."""
    categories = list(categories)
    parents = {parent.pk for parent in parent_categories}
    parents |= {category.parent_category_id for category in categories}
    video.categories.set(categories)
    video.parent_categories.set(parents)
    search.refresh([video.pk])


@transaction.atomic
def update_videos_of_category(*, category: Category) -> None:
    """After a new name or parent, add the parent and update the search vectors."""
    videos = list(category.videos.values_list("pk", flat=True))
    links = Video.parent_categories.through
    links.objects.bulk_create(
        [
            links(video_id=video, parentcategory_id=category.parent_category_id)
            for video in videos
        ],
        ignore_conflicts=True,
    )
    search.refresh(videos)


def refresh_search_of(*, user: User) -> None:
    """Update the search vectors of a person's videos after a change of name."""
    search.refresh(list(user.videos.values_list("pk", flat=True)))


@transaction.atomic
def delete_video(*, video: Video) -> None:
    """Delete the row, and after commit its files."""
    # A worker may have replaced the file since `video` was read.
    stored = Video.objects.select_for_update().filter(pk=video.pk).first()
    if stored is not None:
        stored.delete()
        transaction.on_commit(partial(remove_files, stored))


@transaction.atomic
def delete_videos_of(*, user: User) -> None:
    for video in user.videos.all():
        delete_video(video=video)


@transaction.atomic
def set_visibility(*, videos: Iterable[Video], visibility: str) -> None:
    for video in videos:
        video.visibility = visibility
        save_video(video=video, fields=["visibility"])


@transaction.atomic
def reprocess(*, videos: Iterable[Video]) -> None:
    """Process the files again, as after an upload."""
    for video in videos:
        if video.video_file:
            video.state = Video.State.PROCESSING
            video.save(update_fields=["state", "updated_at"])
            tasks.process_video.enqueue(video.pk)


def remove_files(video: Video) -> None:
    if video.video_file:
        video.video_file.storage.delete(str(video.video_file.name))
    for name in video.thumbnail_names:
        video.thumbnail.storage.delete(name)


def _remove_after_commit(storage: Storage, name: str) -> None:
    transaction.on_commit(partial(storage.delete, name))
