"""Selections of the catalogue by what a feed is about."""

from __future__ import annotations

import numpy as np
from django.db.models import Q

from recommender.ml.data.selection import Mask, Selection
from recommender.ml.data.snapshot import IntArray
from videos.models import Category, ParentCategory, Video

MOST_LISTED = 5000  # keys of a condition that are read at once


def within(videos: Selection, category: Category | ParentCategory | None) -> Selection:
    """Videos of one category of either level; all videos for None."""
    if category is None:
        return videos
    if isinstance(category, ParentCategory):
        return videos.in_parents([category.pk])
    return videos.in_categories([category.pk])


def fulfilling(videos: Selection, condition: Q) -> Selection:
    """Videos that fulfil a condition which only PostgreSQL can check.

    The keys of a few are read at once. A condition that many fulfil is checked for the
    videos at the head of each list.
    """
    if not condition:
        return videos
    listed = Video.objects.listed().filter(condition).order_by()
    keys = list(listed.values_list("pk", flat=True)[: MOST_LISTED + 1])
    if len(keys) <= MOST_LISTED:
        return videos.among(keys)

    def check(keys: IntArray) -> Mask:
        found = listed.filter(pk__in=keys.tolist()).values_list("pk", flat=True)
        return np.isin(keys, list(found))

    return videos.checked(check)
