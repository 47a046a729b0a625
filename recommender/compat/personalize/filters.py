"""A filter as a condition on videos.

A filter of several expressions passes videos that one inclusion holds and no exclusion.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import reduce
from operator import and_, or_

from django.db.models import Q

from imports.personalize import CLICKS, DISMISSALS, INSPIRES, LIKES, RATINGS, WATCHES
from interactions.models import Engagement, Inspire, NotInterested, Rating
from recommender.compat.personalize.filter_language import (
    UPPER_FIELDS,
    BadFilter,
    Condition,
    parse,
)
from recommender.retrieval.viewer import Viewer
from videos.models import Category, ParentCategory, Video

BUILT_IN = {
    "category": "INCLUDE ItemID WHERE Items.CATEGORY IN ($CATEGORY)",
    "not-seen": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("watch", "click")',
}
NOTHING = Q(pk__in=())


def condition(text: str, given: Mapping[str, str], viewer: Viewer) -> Q:
    """The condition that videos must fulfil to pass the filter for `viewer`.

    `given` holds the values of parameters by name. Raises `BadFilter`.
    """
    included: list[Q] = []
    excluded: list[Q] = []
    for expression in parse(text):
        joined = reduce(
            or_ if expression.any_of else and_,
            (_matching(each, given, viewer) for each in expression.conditions),
        )
        (included if expression.include else excluded).append(joined)
    passing = reduce(or_, included) if included else Q()
    return reduce(lambda query, out: query & ~out, excluded, passing)


def _matching(condition: Condition, given: Mapping[str, str], viewer: Viewer) -> Q:
    values = set()
    for value in condition.values:
        values |= _given(value[1:], given) if value.startswith("$") else {value}
    if condition.field == "EVENT_TYPE":
        query = _interacted({value.lower() for value in values}, viewer)
    else:
        query = _in_categories(values, either=condition.field in UPPER_FIELDS)
    return ~query if condition.negated else query


def _given(name: str, given: Mapping[str, str]) -> set[str]:
    """Clients send several values as `"Jazz","Folk"`, one also without quotes."""
    if name not in given:
        raise BadFilter(f"The filter needs a value of {name} in filterValues.")
    row = next(csv.reader([given[name]], skipinitialspace=True), [])
    return {value.strip() for value in row}


def _interacted(types: set[str], viewer: Viewer) -> Q:
    """Videos with an interaction of the viewer of one of these types."""
    if viewer.pk is None:
        return NOTHING
    done = Engagement.objects.filter(user=viewer.pk)
    rows = []
    if "*" in types or types & CLICKS:
        rows.append(done)
    if types & WATCHES:
        rows.append(done.filter(viewed=True))
    if types & LIKES:
        rows.append(done.filter(liked=True))
    queries = [Q(pk__in=row.values("video")) for row in rows]
    for words, model in (
        (DISMISSALS, NotInterested),
        (INSPIRES, Inspire),
        (RATINGS, Rating),
    ):
        if "*" in types or types & words:
            own = model._default_manager.filter(user=viewer.pk)
            queries.append(Q(pk__in=own.values("video")))
    return reduce(or_, queries, NOTHING)


def _in_categories(names: set[str], *, either: bool) -> Q:
    """Videos of categories, or of categories of `either` level, with these names."""
    lower = Category.objects.filter(name__in=names).values_list("pk", flat=True)
    query = Q(pk__in=Video.objects.in_categories(lower).values("pk"))
    if either:
        upper = ParentCategory.objects.filter(name__in=names)
        keys = upper.values_list("pk", flat=True)
        query |= Q(pk__in=Video.objects.in_parent_categories(keys).values("pk"))
    return query
