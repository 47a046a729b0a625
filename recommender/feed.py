"""The feeds: Home, Following, Category, Explore, Related.

Home and Related hold nothing that was seen and nothing of one's own, unless nothing
else exists: then they say so and offer it to watch again, rather than be empty. The
other feeds are lists in which seen videos keep their place and carry their progress.
Each takes a `strategy` (`strategies`) that orders it otherwise than its page does.
"""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from recommender.experiments.arms import part_of
from recommender.feeds import ordering, pagination
from recommender.feeds.assemble import BEYOND, AnyCategory, Home, Listing, Related
from recommender.feeds.ordering import FOR_YOU, NoSuchStrategy
from recommender.feeds.pagination import FeedItem, FeedPage
from recommender.retrieval.viewer import Viewer
from videos.models import Video

__all__ = [
    "FeedItem",
    "FeedPage",
    "NoSuchStrategy",
    "category",
    "explore",
    "following",
    "home",
    "in_mood",
    "related",
]

AnyUser = User | AnonymousUser


def home(
    user: AnyUser,
    *,
    category: AnyCategory | None = None,
    mood: str | None = None,
    strategy: str = FOR_YOU,
    cursor: str = "",
    size: int | None = None,
) -> FeedPage:
    """What to watch next; `category` keeps to one category, as the chips do.

    `mood` brings videos of this mood first: "" for none, None for the user's own.
    """
    plan = Home(Viewer(user, mood=mood), category=category)
    page = _page(plan, strategy, cursor, size)
    if page.items and page.items[0].source in pagination.LAST_RESORT:
        text = "You have seen all there is here. These are worth watching again."
        return replace(page, notice=text)
    if any(item.reason.startswith(BEYOND) for item in page.items):
        names = ", ".join(parent.name for parent in plan.viewer.chosen.values())
        text = f"Nothing new is left in {names}, so other subjects follow."
        return replace(page, notice=page.notice or text)
    return page


def following(
    user: User,
    *,
    strategy: str = "following",
    cursor: str = "",
    size: int | None = None,
) -> FeedPage:
    """From the creators followed, the newest first."""
    viewer = Viewer(user)
    plan = Listing(viewer, "following", creators=tuple(viewer.followed))
    return _page(plan, strategy, cursor, size)


def category(
    user: AnyUser,
    category: AnyCategory,
    *,
    strategy: str = FOR_YOU,
    cursor: str = "",
    size: int | None = None,
) -> FeedPage:
    """One category or parent category."""
    plan = Listing(Viewer(user), "category", category=category)
    return _page(plan, strategy, cursor, size)


def in_mood(
    user: AnyUser,
    mood: str,
    *,
    strategy: str = FOR_YOU,
    cursor: str = "",
    size: int | None = None,
) -> FeedPage:
    """What has a mood, and nothing else."""
    plan = Listing(Viewer(user, mood=mood), "mood")
    return _page(plan, strategy, cursor, size)


def explore(
    user: AnyUser,
    *,
    strategy: str = "trending",
    cursor: str = "",
    size: int | None = None,
) -> FeedPage:
    """What everybody watches."""
    return _page(Listing(Viewer(user), "explore"), strategy, cursor, size)


def related(
    user: AnyUser,
    video: Video,
    *,
    strategy: str = FOR_YOU,
    cursor: str = "",
    size: int | None = None,
) -> FeedPage:
    """What to watch after `video`."""
    return _page(Related(Viewer(user), video), strategy, cursor, size)


def _page(
    plan: pagination.Plan, strategy: str, cursor: str, size: int | None
) -> FeedPage:
    """Raises `NoSuchStrategy`. What a client orders its own way is no experiment."""
    part = part_of(plan) if strategy == FOR_YOU else None
    page = pagination.page(
        ordering.ordered(part.plan if part else plan, strategy),
        cursor=cursor,
        size=size or settings.FEED_PAGE_SIZE,
    )
    if part is not None:
        part.record(page.feed_id)
    return page
