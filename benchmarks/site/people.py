"""Writes the people of a synthetic site, and the categories that they chose."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from accounts.models import User
from benchmarks.site.copying import copy_arrays, copy_models
from benchmarks.site.draws import Ints, Site, member_positions, named_positions
from benchmarks.site.named import NAMED, PASSWORD
from videos.models import Category

NO_PASSWORD = "!"  # Django's mark of an account that allows no log-in
CHOOSES = 0.7  # share of people who chose parent categories
MOST_CHOSEN = 3


def write(site: Site, now: datetime) -> None:
    """Person n has the primary key n + 1; named people and members can log in."""
    copy_models(_people(site, now), User)
    named = named_positions(site.size)
    EmailAddress.objects.bulk_create(
        EmailAddress(
            user_id=position + 1,
            email=f"{username}@example.com",
            verified=True,
            primary=True,
        )
        for username, position in named.items()
    )
    _write_chosen(site)


def _people(site: Site, now: datetime) -> Iterator[User]:
    positions = {
        position: name for name, position in named_positions(site.size).items()
    }
    password, members = make_password(PASSWORD), member_positions(site.size)
    for n, joined in enumerate(site.crowd.joined.tolist()):
        is_creator, name = n < site.size.creators, positions.get(n, "")
        at = now - timedelta(days=joined)
        yield User(
            pk=n + 1,
            username=name or f"{'creator' if is_creator else 'viewer'}_{n}",
            email=f"{name}@example.com" if name else "",
            password=password if name or n in members else NO_PASSWORD,
            first_name=f"First{n % 997}",
            last_name=f"Last{n % 1009}",
            role=User.Role.CREATOR if is_creator else User.Role.VIEWER,
            verified=is_creator and n % 5 == 0,
            share_likes=bool(site.crowd.shares_likes[n]),
            date_joined=at,
            created_at=at,
            updated_at=at,
        )


def _write_chosen(site: Site) -> None:
    """People chose parents of the categories of the clusters that they like."""
    rng = np.random.default_rng((site.size.seed, 3))
    people = site.size.people
    count = rng.integers(1, MOST_CHOSEN + 1, people) * (rng.random(people) < CHOOSES)
    count[people - len(NAMED) :] = [person.chosen for person in NAMED]
    parents = parents_of_categories()[site.category_of_cluster[site.crowd.liked]]
    person, place = np.nonzero(np.arange(parents.shape[1]) < count[:, None])
    pairs = np.unique(np.stack([person + 1, parents[person, place]]), axis=1)
    copy_arrays(
        User.parent_category_interests.through._meta.db_table,
        {"user_id": pairs[0], "parentcategory_id": pairs[1]},
    )


def parents_of_categories() -> Ints:
    """The key of the parent of each category, in the order of their keys."""
    keys = Category.objects.order_by("pk").values_list("parent_category_id", flat=True)
    return np.array(list(keys), np.int64)
