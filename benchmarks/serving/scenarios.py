"""The requests that are measured, each kind as people with different histories."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.utils import timezone

from accounts.moods import Mood
from benchmarks.serving.clients import Person, log_in_call
from benchmarks.serving.platform import NoAnswer, Platform
from benchmarks.serving.wrk import Call
from videos.models import Category, Video

BATCH = 20  # events
VIDEOS = 60  # the most viewed ones, and as many others
NEXT_PAGE = re.compile(r'hx-get="([^"]*\bcursor=[^"]*)"')


@dataclass(frozen=True)
class Scenario:
    """`calls` are sent in turn. One with `at_rate` is also measured at a fixed rate."""

    name: str
    calls: Sequence[Call]
    at_rate: bool = False


@dataclass(frozen=True)
class Crowd:
    """People who are logged in: the named ones, and members of the crowd."""

    named: Sequence[Person]
    members: Sequence[Person]


def all_scenarios(platform: Platform, crowd: Crowd, seed: int) -> list[Scenario]:
    """Raises `NoAnswer` where a feed has no second page."""
    rng = np.random.default_rng(seed)
    lists = _lists(crowd, rng)
    homes = [person.api("feeds/home/") for person in crowd.members]
    mixed = [*homes, *(call for scenario in lists for call in scenario.calls)]
    rng.shuffle(mixed)
    return [
        *_homes(crowd),
        *_later_pages(platform, crowd),
        *lists,
        Scenario("All these feeds, API, mixed", mixed),
        *_rest(crowd, rng),
    ]


def _homes(crowd: Crowd) -> list[Scenario]:
    homes = [
        Scenario(f"Home, API: {person.name}", [person.api("feeds/home/")])
        for person in (Person(), *crowd.named)
    ]
    members = [person.api("feeds/home/") for person in crowd.members]
    return [
        *homes,
        Scenario(f"Home, API: {len(members)} members", members, at_rate=True),
        Scenario("Home, page", [p.page("/") for p in crowd.named], at_rate=True),
        Scenario("Home, page: visitor", [Person().page("/")]),
    ]


def _later_pages(platform: Platform, crowd: Crowd) -> list[Scenario]:
    """Pages 2 and 3 by the API, and page 2 as a fragment of the page."""
    by_api, fragments = [], []
    for person in crowd.named:
        call = person.api("feeds/home/")
        for _ in range(2):
            cursor = json.loads(platform.ask(call).body)["next_cursor"]
            if not cursor:
                break
            call = person.api(f"feeds/home/?cursor={cursor}")
            by_api.append(call)
        found = NEXT_PAGE.search(platform.ask(person.page("/")).body.decode())
        if found:
            page = person.page(html.unescape(found[1]))
            fragments.append(
                Call(page.path, headers={**page.headers, "HX-Request": "true"})
            )
    if not by_api or not fragments:
        raise NoAnswer("Home has no second page.")
    return [
        Scenario("Home, API, next pages", by_api),
        Scenario("Home, page, next page", fragments),
    ]


def _lists(crowd: Crowd, rng: np.random.Generator) -> list[Scenario]:
    slugs = list(Category.objects.order_by("pk").values_list("slug", flat=True))
    chosen = [str(slug) for slug in rng.choice(slugs, len(crowd.named), replace=False)]
    moods = rng.choice(Mood.values, len(crowd.named))
    videos = _some_videos(rng)
    people = [*crowd.named, Person()]
    return [
        Scenario(
            "Following, API", [p.api("feeds/following/") for p in crowd.named[1:]]
        ),
        Scenario(
            "Category, API",
            [
                person.api(f"feeds/category/{slug}/")
                for person, slug in zip(crowd.named, chosen, strict=True)
            ],
        ),
        Scenario("Explore, API", [person.api("feeds/trending/") for person in people]),
        Scenario(
            "Mood, API",
            [
                person.api(f"feeds/mood/{mood}/")
                for person, mood in zip(crowd.named, moods, strict=True)
            ],
        ),
        Scenario(
            "Related, API",
            [
                people[n % len(people)].api(f"feeds/related/{video}/")
                for n, video in enumerate(videos)
            ],
        ),
    ]


def _rest(crowd: Crowd, rng: np.random.Generator) -> list[Scenario]:
    videos = _some_videos(rng)
    people = [*crowd.named, Person()]
    mixed = [(people[n % len(people)], video) for n, video in enumerate(videos)]
    words = _words(rng)
    return [
        Scenario(
            "Search, API",
            [p.api(f"videos/?q={w}") for p, w in zip(people, words, strict=False)],
        ),
        Scenario("Video page", [p.page(f"/video/{video}/") for p, video in mixed]),
        Scenario(
            "Thumbnail", [p.page(f"/video/{video}/thumbnail/") for p, video in mixed]
        ),
        Scenario("Who am I, API", [person.api("me/") for person in crowd.named]),
        Scenario(
            f"Events, {BATCH} in a batch",
            [person.post("events/", _batch(videos, rng)) for person in crowd.members],
        ),
        Scenario("Log-in", [log_in_call(person.name) for person in crowd.members]),
    ]


def _some_videos(rng: np.random.Generator) -> list[str]:
    """Ids of public videos: the most viewed ones and any others, mixed."""
    listed = Video.objects.listed()
    popular = listed.order_by("-views").values_list("video_id", flat=True)[:VIDEOS]
    last = Video.objects.order_by("-pk").values_list("pk", flat=True)[0]
    keys = rng.integers(1, last + 1, 2 * VIDEOS).tolist()
    others = listed.filter(pk__in=keys).values_list("video_id", flat=True)[:VIDEOS]
    mixed = np.array([*popular, *others])
    rng.shuffle(mixed)
    return [str(video) for video in mixed]


def _words(rng: np.random.Generator) -> list[str]:
    """Words of titles."""
    titles = Video.objects.listed().order_by("-views").values_list("title", flat=True)
    words = sorted({title.split()[0].lower() for title in titles[:500]})
    return [str(word) for word in rng.choice(words, min(20, len(words)), replace=False)]


def _batch(videos: Sequence[str], rng: np.random.Generator) -> dict[str, object]:
    """Watches by the same person; each `UUID` becomes another one in every request."""
    at = timezone.now() - timedelta(minutes=1)
    return {
        "events": [
            {
                "id": "UUID",
                "type": "watch",
                "session_id": "UUID",
                "video_id": str(video),
                "at": at.isoformat(),
                "fraction": 0.9,
                "seconds": 30.0,
            }
            for video in rng.choice(videos, BATCH, replace=False)
        ]
    }
