"""The front door to the feeds: Home, Following, Category, Explore, Mood, Related.

Home and Related hold no seen videos and none of the viewer's own, unless there is
nothing else: then they offer those, and say so. The other feeds are lists in which seen
videos keep their place and show their progress. Each feed takes a `strategy`: an
ordering (`feeds.ordering`) in place of that of its own page.
"""

from __future__ import annotations

from dataclasses import replace

from django.conf import settings
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from recommender.experiments import arms
from recommender.feeds import notices, pagination
from recommender.feeds.home import Home
from recommender.feeds.listing import MOOD, Listing
from recommender.feeds.ordering import FOLLOWING, NoSuchOrdering, ordered
from recommender.feeds.related import Related
from recommender.feeds.types import FOR_YOU, AnyCategory, Feed, FeedItem, FeedPage
from recommender.ranking import features
from recommender.registry import serving
from recommender.retrieval.viewer import Viewer
from videos.models import Video

__all__ = [
    "FeedItem",
    "FeedPage",
    "NoSuchOrdering",
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
    """What to watch next; `category` restricts it to one category, as the chips do.

    `mood` puts videos of this mood first: "" for none, None for the user's own mood.
    """
    viewer = Viewer(user, mood=mood)
    feed = Home(viewer, serving.active_model, category)
    page = _page(feed, strategy, cursor, size)
    return _with_notice(page, viewer, category)


def following(
    user: User,
    *,
    strategy: str = FOLLOWING,
    cursor: str = "",
    size: int | None = None,
) -> FeedPage:
    """Videos of the followed creators, by default newest first."""
    viewer = Viewer(user)
    creators = tuple(viewer.followed)
    feed = Listing(viewer, "following", serving.active_model, creators=creators)
    return _page(feed, strategy, cursor, size)


def category(
    user: AnyUser,
    category: AnyCategory,
    *,
    strategy: str = FOR_YOU,
    cursor: str = "",
    size: int | None = None,
) -> FeedPage:
    """Videos of one category or parent category."""
    feed = Listing(Viewer(user), "category", serving.active_model, category)
    return _page(feed, strategy, cursor, size)


def in_mood(
    user: AnyUser,
    mood: str,
    *,
    strategy: str = FOR_YOU,
    cursor: str = "",
    size: int | None = None,
) -> FeedPage:
    """Videos of a mood, and no others."""
    feed = Listing(Viewer(user, mood=mood), MOOD, serving.active_model)
    return _page(feed, strategy, cursor, size)


def explore(
    user: AnyUser,
    *,
    strategy: str = "trending",
    cursor: str = "",
    size: int | None = None,
) -> FeedPage:
    """All videos, by default what everybody watches first."""
    feed = Listing(Viewer(user), "explore", serving.active_model)
    return _page(feed, strategy, cursor, size)


def related(
    user: AnyUser,
    video: Video,
    *,
    strategy: str = FOR_YOU,
    cursor: str = "",
    size: int | None = None,
) -> FeedPage:
    """What to watch after `video`."""
    viewer = Viewer(user)
    feed = Related(viewer, video, serving.active_model)
    return _with_notice(_page(feed, strategy, cursor, size), viewer)


def _with_notice(
    page: FeedPage, viewer: Viewer, category: AnyCategory | None = None
) -> FeedPage:
    text = notices.notice(viewer, page.items, category)
    return replace(page, notice=page.notice or text)


def _page(
    feed: Home | Related | Listing, strategy: str, cursor: str, size: int | None
) -> FeedPage:
    """Raises `NoSuchOrdering`. Experiments leave feeds in a client's ordering alone."""
    assignment = None
    shown: Feed = feed
    if strategy != FOR_YOU:
        shown = ordered(feed, strategy)
    elif (trial := serving.trial()) is not None:
        assignment = arms.assign(feed, trial)
        shown = assignment.feed if assignment is not None else feed
    page = pagination.page(shown, cursor=cursor, size=size or settings.FEED_PAGE_SIZE)
    features.write(page.feed_id, shown.viewer, page.logged)
    if assignment is not None:
        assignment.record(page)
    return page
