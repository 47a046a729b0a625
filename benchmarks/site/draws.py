"""Draws a synthetic site: equal sizes and seeds give equal arrays.

- **Clusters** of taste each have a category. Their sizes follow a power law.
- **Videos** belong to a cluster, and an eighth of them to another category than that of
  their cluster. They were published over a year. Their appeal follows Zipf's law.
- **People** like four clusters, one more than the others. Their activity is log-normal,
  and they watch in sessions, mostly in the evening, after they joined.
- **Watches** are of the person's clusters, except for every tenth. Half of them are of
  videos published in the three weeks before. How much of a video is watched, and
  whether it is liked, depends on the taste.
- **Follows** are mostly of creators of the clusters that a person likes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.site.named import MEMBERS, NAMED

YEAR = 365.0  # days
FRESH = 21.0  # days
FRESH_SHARE = 0.5  # of watches, those of fresh videos
STRAY = 0.1  # share of watches outside a person's clusters
OTHER_CATEGORY = 1 / 8  # share of videos in another category than their cluster's
LIKED = 4  # clusters of a person
SHARES = np.array([0.5, 0.25, 0.15, 0.1])  # of a person's clusters in their watches
IN_SESSION = 6  # videos, in the mean
VIDEOS_OF_CREATOR = 25  # in the mean
ZIPF = 0.8  # exponent of the popularity of videos, by rank
AT_ONCE = 20_000  # people whose watches are drawn together
ROUNDS = 12  # of drawing again what was drawn twice

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Size:
    videos: int = 100_000
    people: int = 200_000
    engagements: int = 7_300_000
    follows: int = 1_200_000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.videos < 100 or self.people < 100:
            raise ValueError("A site needs at least 100 videos and 100 people.")
        for name, most in (
            ("engagements", self.people * self.videos // 8),
            ("follows", self.people * self.people // 8),
        ):
            if not 0 < getattr(self, name) <= most:
                raise ValueError(
                    f"{name}: use 1 to {most:,} for so few people and videos."
                )

    def times(self, factor: float) -> Size:
        """The same site with `factor` times as many of everything."""
        counts = {
            field.name: int(factor * getattr(self, field.name))
            for field in fields(self)
            if field.name != "seed"
        }
        return replace(self, **counts)

    @property
    def name(self) -> str:
        return "-".join(str(getattr(self, field.name)) for field in fields(self))

    @property
    def clusters(self) -> int:
        return min(max(self.videos // 100, 8), 400)

    @property
    def creators(self) -> int:
        """The first people are creators."""
        return min(max(self.videos // VIDEOS_OF_CREATOR, 20), self.people // 2)


@dataclass(frozen=True)
class Catalogue:
    """Arrays (videos,); `age` in days since publication, `duration` in seconds."""

    cluster: Ints
    category: Ints
    creator: Ints
    age: Floats
    duration: Floats
    appeal: Floats


@dataclass(frozen=True)
class Crowd:
    """Arrays (people,), the last rows being the `NAMED`; `liked` is (people, LIKED).

    `joined` is in days before now; `watched` and `follows` are wanted counts.
    """

    liked: Ints
    joined: Floats
    watched: Ints
    follows: Ints
    shares_likes: Bools


@dataclass(frozen=True)
class Watches:
    """One row for each person and video, the oldest first; `age` in days before now."""

    person: NDArray[np.int32]
    video: NDArray[np.int32]
    age: Floats
    fraction: NDArray[np.float32]
    liked: Bools


@dataclass(frozen=True)
class Follows:
    follower: Ints
    followee: Ints
    age: Floats


@dataclass(frozen=True)
class Site:
    """`category_of_cluster` is (clusters,)."""

    size: Size
    category_of_cluster: Ints
    catalogue: Catalogue
    crowd: Crowd
    watches: Watches
    follows: Follows


def draw(size: Size, categories: int) -> Site:
    """The whole site, with that many categories of videos."""
    rng = np.random.default_rng(size.seed)
    of_cluster = rng.permutation(np.arange(size.clusters) % categories)
    popular = _power_law(size.clusters, 0.5)
    catalogue = _catalogue(size, of_cluster, popular, categories, rng)
    crowd = _crowd(size, popular, rng)
    watches = _watches(size, catalogue, crowd, rng)
    return Site(size, of_cluster, catalogue, crowd, watches, _follows(size, crowd, rng))


def named_positions(size: Size) -> dict[str, int]:
    """The positions of the named people among all."""
    first = size.people - len(NAMED)
    return {person.username: first + n for n, person in enumerate(NAMED)}


def member_positions(size: Size) -> range:
    """The positions of the viewers who can log in: the first after the creators."""
    last = size.people - len(NAMED)
    return range(size.creators, min(size.creators + MEMBERS, last))


def _power_law(count: int, exponent: float) -> Floats:
    weights = np.power(1.0 + np.arange(count), -exponent)
    return np.asarray(weights / weights.sum())


def _catalogue(
    size: Size,
    of_cluster: Ints,
    popular: Floats,
    categories: int,
    rng: np.random.Generator,
) -> Catalogue:
    cluster = rng.choice(size.clusters, size.videos, p=popular)
    category = of_cluster[cluster]
    other = rng.random(size.videos) < OTHER_CATEGORY
    category[other] = rng.integers(categories, size=int(other.sum()))
    return Catalogue(
        cluster=cluster,
        category=category,
        creator=_creator_of(size, cluster, rng),
        age=YEAR * rng.random(size.videos) ** 1.2,
        duration=np.clip(rng.lognormal(4.9, 0.8, size.videos), 8, 3600).round(1),
        appeal=np.power(3.0 + rng.permutation(size.videos), -ZIPF),
    )


def _creator_of(size: Size, cluster: Ints, rng: np.random.Generator) -> Ints:
    """A creator of each cluster, the first ones more often.

    Creator c belongs to cluster c modulo the number of clusters.
    """
    clusters = min(size.clusters, size.creators)
    home = cluster % clusters
    of_home = (size.creators - 1 - home) // clusters + 1
    place = (of_home * rng.random(len(cluster)) ** 2).astype(np.int64)
    return home + clusters * place


def _crowd(size: Size, popular: Floats, rng: np.random.Generator) -> Crowd:
    people = size.people
    activity = rng.lognormal(0, 1.1, people)
    sociable = rng.lognormal(0, 1.0, people) * (rng.random(people) < 0.6)
    named = slice(people - len(NAMED), None)
    activity[named] = sociable[named] = 0
    joined = 1.0 + 1.4 * YEAR * rng.random(people)
    joined[: size.creators] = YEAR * (1.05 + 0.3 * rng.random(size.creators))
    joined[named] = [YEAR if person.watched else 0.01 for person in NAMED]
    liked = rng.choice(size.clusters, (people, LIKED), p=popular)
    creators = np.arange(size.creators)
    liked[creators, 0] = creators % min(size.clusters, size.creators)
    watched = [person.watched for person in NAMED]
    followed = [person.follows for person in NAMED]
    return Crowd(
        liked=liked,
        joined=joined,
        watched=_counts(activity, size.engagements, watched, size.videos // 4),
        follows=_counts(sociable, size.follows, followed, people // 4),
        shares_likes=rng.random(people) < 0.35,
    )


def _counts(weights: Floats, total: int, named: list[int], most: int) -> Ints:
    """Counts that are at most `most`: in proportion to `weights`, the last ones
    `named`."""
    last = np.minimum(named, most)
    counts = weights / max(weights.sum(), 1e-9) * max(total - last.sum(), 0)
    # Rounding the running sum keeps the total.
    running = np.round(np.cumsum(np.minimum(counts, most)))
    whole = np.diff(running, prepend=0).astype(np.int64)
    whole[len(whole) - len(named) :] = last
    return whole


class _Shelves:
    """The videos of each cluster by time of publication, to draw from."""

    def __init__(self, size: Size, catalogue: Catalogue) -> None:
        published = YEAR - catalogue.age
        self.order = np.lexsort((published, catalogue.cluster))
        self._step = 2 * YEAR
        self._keys = (self._step * catalogue.cluster + published)[self.order]
        self._sums = np.append(0, np.cumsum(catalogue.appeal[self.order]))
        bounds = np.arange(size.clusters + 1)
        self._start = np.searchsorted(catalogue.cluster[self.order], bounds)

    def draw(self, cluster: Ints, age: Floats, rng: np.random.Generator) -> Ints:
        """A video of each cluster that was out at `age` days ago, or -1."""
        at = self._step * cluster + np.maximum(YEAR - age, 0)
        low, high = self._start[cluster], np.searchsorted(self._keys, at)
        fresh = np.maximum(np.searchsorted(self._keys, at - FRESH), low)
        only_fresh = (rng.random(len(age)) < FRESH_SHARE) & (fresh < high)
        low = np.where(only_fresh, fresh, low)
        span = self._sums[high] - self._sums[low]
        drawn = self._sums[low] + rng.random(len(age)) * span
        place = np.searchsorted(self._sums, drawn, side="right") - 1
        video = self.order[np.clip(place, low, np.maximum(high - 1, low))]
        return np.where(low < high, video, -1)


def _watches(
    size: Size, catalogue: Catalogue, crowd: Crowd, rng: np.random.Generator
) -> Watches:
    shelves = _Shelves(size, catalogue)
    parts = [
        _watches_of(people, size, catalogue, crowd, shelves, rng)
        for people in _slices(size.people)
    ]
    columns = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Watches)
    }
    oldest_first = np.argsort(-columns["age"], kind="stable")
    return Watches(**{name: column[oldest_first] for name, column in columns.items()})


def _slices(people: int) -> Iterator[Ints]:
    for start in range(0, people, AT_ONCE):
        yield np.arange(start, min(start + AT_ONCE, people))


def _watches_of(
    people: Ints,
    size: Size,
    catalogue: Catalogue,
    crowd: Crowd,
    shelves: _Shelves,
    rng: np.random.Generator,
) -> Watches:
    """As many different videos for each of the people as they want, or nearly."""
    sessions = _Sessions(people, crowd, rng)
    known = np.empty(0, np.int64)  # person * videos + video
    age, stray = np.empty(0), np.empty(0, bool)
    for _ in range(ROUNDS):
        missing = crowd.watched[people] - np.bincount(
            known // size.videos - people[0], minlength=len(people)
        )
        if not missing.any():
            break
        person = np.repeat(people, missing + missing // 4)
        at = sessions.draw(person, rng)
        is_stray = rng.random(len(person)) < STRAY
        cluster = crowd.liked[person, rng.choice(LIKED, len(person), p=SHARES)]
        cluster[is_stray] = rng.choice(catalogue.cluster, int(is_stray.sum()))
        video = shelves.draw(cluster, at, rng)
        there = video >= 0
        keys = np.append(known, (person * size.videos + video)[there])
        age, stray = np.append(age, at[there]), np.append(stray, is_stray[there])
        known, first = np.unique(keys, return_index=True)
        chosen = _at_most(known // size.videos, crowd.watched, rng)
        known, first = known[chosen], first[chosen]
        age, stray = age[first], stray[first]
    mean = np.where(stray, 0.35, 0.62)
    fraction = rng.beta(2.2 * mean, 2.2 * (1 - mean)).clip(0.01, 1).round(3)
    liked = (fraction > 0.5) & (rng.random(len(fraction)) < np.where(stray, 0.1, 0.28))
    return Watches(
        person=(known // size.videos).astype(np.int32),
        video=(known % size.videos).astype(np.int32),
        age=age,
        fraction=fraction.astype(np.float32),
        liked=liked,
    )


def _at_most(person: Ints, most: Ints, rng: np.random.Generator) -> Ints:
    """Positions of at most `most[p]` random rows of each person p."""
    order = np.lexsort((rng.random(len(person)), person))
    grouped = person[order]
    _, start, count = np.unique(grouped, return_index=True, return_counts=True)
    place = np.arange(len(order)) - np.repeat(start, count)
    return np.sort(order[place < most[grouped]])


class _Sessions:
    """The moments at which people watch, in days before now."""

    def __init__(self, people: Ints, crowd: Crowd, rng: np.random.Generator) -> None:
        self._first = people[0]
        self._count = 1 + crowd.watched[people] // IN_SESSION
        self._start = np.cumsum(self._count) - self._count
        joined = np.minimum(np.repeat(crowd.joined[people], self._count), YEAR)
        day = np.floor(joined * rng.random(len(joined)) ** 1.3)
        self._age = np.minimum(day + rng.triangular(0, 0.3, 1, len(day)), joined)

    def draw(self, person: Ints, rng: np.random.Generator) -> Floats:
        """A moment in one of the sessions of each person."""
        row = person - self._first
        session = (self._count[row] * rng.random(len(row))).astype(np.int64)
        started = self._age[self._start[row] + session]
        age: Floats = started - rng.exponential(0.01, len(row))
        return np.maximum(age, 0)


def _follows(size: Size, crowd: Crowd, rng: np.random.Generator) -> Follows:
    """Mostly creators of the follower's clusters; else people who share their likes."""
    clusters = min(size.clusters, size.creators)
    sharing = np.flatnonzero(crowd.shares_likes)
    wanted = crowd.follows
    keys = np.empty(0, np.int64)
    for _ in range(ROUNDS):
        missing = wanted - np.bincount(keys // size.people, minlength=size.people)
        if not missing.any():
            break
        follower = np.repeat(np.arange(size.people), missing + missing // 4)
        count = len(follower)
        home = crowd.liked[follower, rng.choice(LIKED, count, p=SHARES)] % clusters
        creator = _creator_of(size, home, rng)
        # Who follows very many follows creators of other clusters, too.
        outside = rng.random(count) < np.where(wanted[follower] > 100, 0.7, 0.1)
        creator[outside] = (size.creators * rng.random(int(outside.sum()))).astype(int)
        viewer = rng.random(count) < 0.15
        creator[viewer] = rng.choice(sharing, int(viewer.sum()))
        valid = creator != follower
        keys = np.unique(np.append(keys, (follower * size.people + creator)[valid]))
        keys = keys[_at_most(keys // size.people, wanted, rng)]
    follower = keys // size.people
    age = np.minimum(crowd.joined[follower], YEAR) * rng.random(len(keys))
    oldest_first = np.argsort(-age, kind="stable")
    return Follows(
        follower[oldest_first], (keys % size.people)[oldest_first], age[oldest_first]
    )
