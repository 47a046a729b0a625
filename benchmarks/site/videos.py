"""Writes the videos of a synthetic site, with their categories, moods and search."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import numpy as np

from benchmarks.site import files
from benchmarks.site.copying import copy_arrays, copy_models
from benchmarks.site.draws import Site
from benchmarks.site.people import parents_of_categories
from benchmarks.site.texts import Texts
from videos import search
from videos.models import Category, Video
from videos.moods.store import store_from_texts
from videos.services import slug_of

VISIBILITY = {
    Video.Visibility.PUBLIC: 0.96,
    Video.Visibility.UNLISTED: 0.025,
    Video.Visibility.PRIVATE: 0.015,
}
PREMIUM = 0.05
AT_ONCE = 5000


def write(site: Site, now: datetime, clips: int) -> None:
    """Video n has the primary key n + 1. The videos share that many real files."""
    categories = list(Category.objects.order_by("pk"))
    names = [category.name for category in categories]
    copy_models(_videos(site, now, files.make(clips), names), Video)
    keys = np.arange(1, site.size.videos + 1)
    category_keys = np.array([category.pk for category in categories], np.int64)
    copy_arrays(
        Video.categories.through._meta.db_table,
        {"video_id": keys, "category_id": category_keys[site.catalogue.category]},
    )
    copy_arrays(
        Video.parent_categories.through._meta.db_table,
        {
            "video_id": keys,
            "parentcategory_id": parents_of_categories()[site.catalogue.category],
        },
    )


def _videos(
    site: Site, now: datetime, shared: Sequence[tuple[str, str]], names: list[str]
) -> Iterator[Video]:
    rng = np.random.default_rng((site.size.seed, 2))
    texts = Texts(site.size.clusters, names, site.size.seed)
    columns = site.catalogue
    count = site.size.videos
    visibility = rng.choice(len(VISIBILITY), count, p=list(VISIBILITY.values()))
    premium = rng.random(count) < PREMIUM
    for n in range(count):
        title, description, tags = texts.of_video(
            n, int(columns.cluster[n]), int(columns.category[n])
        )
        at = now - timedelta(days=float(columns.age[n]))
        video_file, thumbnail = shared[n % len(shared)]
        yield Video(
            pk=n + 1,
            title=title,
            slug=slug_of(title),
            description=description,
            tags=tags,
            creator_id=int(columns.creator[n]) + 1,
            video_file=video_file,
            thumbnail=thumbnail,
            thumbnail_widths=[],  # they are small, and shared
            content_type=files.CONTENT_TYPE,
            width=files.WIDTH,
            height=files.HEIGHT,
            duration=float(columns.duration[n]),
            visibility=list(VISIBILITY)[visibility[n]].value,
            is_premium=bool(premium[n]),
            state=Video.State.READY,
            published_at=at,
            created_at=at,
            updated_at=at,
        )


def finish() -> None:
    """Infer moods from the texts, and write what the search reads."""
    last = Video.objects.order_by("pk").values_list("pk", flat=True).last() or 0
    for first in range(1, last + 1, AT_ONCE):
        store_from_texts(Video.objects.filter(pk__range=(first, first + AT_ONCE - 1)))
    search.refresh()
