"""What a feed says about itself, by what it did: the sentence above its videos."""

from __future__ import annotations

from collections.abc import Sequence

from accounts.moods import Mood
from recommender.feeds.types import MOOD, SUBJECTS, AnyCategory, FeedItem
from recommender.ranking import exploration
from recommender.retrieval.queries import within
from recommender.retrieval.sources import OWN, WATCH_AGAIN
from recommender.retrieval.viewer import Viewer

AGAIN = "You have seen all there is here. These are worth watching again."
ONLY_OWN = "There is nothing here but your own videos."
# What the tiers of Home leave, in their order.
TIERS: tuple[tuple[str, ...], ...] = ((), (SUBJECTS,), (MOOD,), (MOOD, SUBJECTS))


def notice(
    viewer: Viewer, items: Sequence[FeedItem], category: AnyCategory | None = None
) -> str:
    """Of one page of Home or Related; empty if there is nothing to say."""
    if not items:
        return ""
    if items[0].source in (WATCH_AGAIN, OWN):
        return AGAIN if items[0].source == WATCH_AGAIN else ONLY_OWN
    tiers = {i.widened for i in items if i.source not in exploration.SOURCES}
    left = max(tiers, key=TIERS.index, default=())
    if not left:
        return ""
    subjects = f"in {', '.join(viewer.chosen.values())}"
    label = f"the mood “{Mood(viewer.mood).label}”" if viewer.mood else ""
    mood = f"with {label}" if label else ""
    if left == (SUBJECTS,):
        what, others = f"{mood} {subjects}".strip(), "other subjects follow"
    else:
        what = f"{mood} or {subjects}" if SUBJECTS in left else mood
        others = "others follow"
    if len(tiers) > 1:
        return f"After the last new videos {what}, {others}."
    if MOOD in left and is_empty(viewer, category):
        place = f" in {category.name}" if category is not None else ""
        also = f", and nothing new is left {subjects}" if SUBJECTS in left else ""
        return f"No videos{place} have {label} yet{also}, so {others}."
    return f"Nothing new is left {what}, so {others}."


def is_empty(viewer: Viewer, category: AnyCategory | None) -> bool:
    """Whether no listed video of the category has the viewer's mood, seen or not."""
    listed = within(viewer.listed(), category)
    return listed.in_mood(viewer.mood).count() == 0
