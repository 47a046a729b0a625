"""Why one video would be recommended to somebody, at any time and in any feed."""

from __future__ import annotations

from dataclasses import dataclass

from interactions.models import Follow
from recommender.feeds import reasons
from recommender.ml.models.base import Contribution
from recommender.ranking.fusion import Ranked
from recommender.registry import serving
from recommender.retrieval import sources
from recommender.retrieval.viewer import Viewer
from videos.models import ParentCategory, Video

MOST = 5


@dataclass(frozen=True)
class Ground:
    """Something that the viewer did, and the part of all that speaks for the video.

    `relation` is watched, liked, follows or interested_in; `name` is the title of the
    video, the name of the person or parent category; `share` lies within 0 and 1.
    """

    relation: str
    name: str
    share: float


@dataclass(frozen=True)
class Explanation:
    """`model` is the one that serves, empty where none does."""

    reason: str
    model: str
    grounds: list[Ground]


def explain(viewer: Viewer, video: Video) -> Explanation:
    """By what the model's score of `video` would lose without each of the viewer's
    newest interactions; every removal is carried out."""
    model = serving.active_model()
    facts = sources.describe(Video.objects.filter(pk=video.pk), [video.pk])
    grounds: list[Ground] = []
    if model is not None:
        [contributions] = model.contributions(viewer.history, [video.pk])
        grounds = _grounds(viewer, contributions)
    source = model.name if model is not None and grounds else "popular"
    [reason] = reasons.reasons(viewer, [Ranked(video.pk, source, 0.0)], facts, model)
    return Explanation(reason, model.name if model is not None else "", grounds)


def _grounds(viewer: Viewer, contributions: list[Contribution]) -> list[Ground]:
    """The greatest, by name; what the viewer may not see any more stays unsaid."""
    total = sum(each.amount for each in contributions)
    found: list[Ground] = []
    for each in contributions:
        name = _name(viewer, each)
        if name and len(found) < MOST:
            found.append(Ground(each.relation, name, each.amount / total))
    return found


def _name(viewer: Viewer, contribution: Contribution) -> str:
    match contribution.relation:
        case "follows":
            follows = Follow.objects.filter(
                follower=viewer.pk, followee=contribution.id
            )
            follow = follows.select_related("followee").first()
            return follow.followee.display_name if follow else ""
        case "interested_in":
            parent = ParentCategory.objects.filter(pk=contribution.id).first()
            return parent.name if parent else ""
    videos = Video.objects.visible_to(viewer.user).filter(pk=contribution.id)
    return videos.values_list("title", flat=True).first() or ""
