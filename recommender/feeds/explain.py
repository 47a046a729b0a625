"""Why a video would be recommended to a viewer, in no particular feed."""

from __future__ import annotations

from dataclasses import dataclass

from interactions.models import Follow
from recommender.feeds.reasons import Shown, reasons, without_itself
from recommender.ml.models.base import Contribution
from recommender.registry import serving
from recommender.retrieval.viewer import Viewer
from videos.models import ParentCategory, Video

MAX_GROUNDS = 5


@dataclass(frozen=True)
class Ground:
    """An action of the viewer, and its share in the score of the video.

    `relation` is watched, liked, follows or interested_in; `name` is that of the video,
    person or parent category; `share` lies between 0 and 1.
    """

    relation: str
    name: str
    share: float


@dataclass(frozen=True)
class Explanation:
    """`model` is the name of the active model, empty without one."""

    reason: str
    model: str
    grounds: list[Ground]


def explain(viewer: Viewer, video: Video) -> Explanation:
    """Explain by how much the model's score of `video` would fall without each of the
    viewer's newest interactions; each of them is removed in turn."""
    model = serving.active_model()
    grounds: list[Ground] = []
    if model is not None:
        [contributions] = model.contributions(viewer.history, [video.pk])
        grounds = _grounds(viewer, without_itself(contributions, video.pk))
    name = model.name if model is not None else ""
    shown = Shown(video, name if grounds else "popular")
    [reason] = reasons(viewer, [shown], [model] if model is not None else [])
    return Explanation(reason, name, grounds)


def _grounds(viewer: Viewer, contributions: list[Contribution]) -> list[Ground]:
    """The greatest contributions, without those that the viewer may no longer see."""
    total = sum(each.amount for each in contributions)
    grounds: list[Ground] = []
    for each in contributions:
        name = _name(viewer, each)
        if name and len(grounds) < MAX_GROUNDS:
            grounds.append(Ground(each.relation, name, each.amount / total))
    return grounds


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
