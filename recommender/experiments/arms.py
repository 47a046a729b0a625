"""Feeds under the running experiment, and the record of their exposure.

Visitors and people who switched recording off do not take part, because their watches
are not recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from uuid import UUID

from django.db import transaction

from accounts.models import User
from recommender.experiments.assignment import arm_of
from recommender.feeds.home import Home
from recommender.feeds.listing import Listing
from recommender.feeds.pagination import PlannedItem
from recommender.feeds.related import Related
from recommender.feeds.types import Feed
from recommender.ml.experiments.interleaving import CONTROL, TREATMENT, team_draft
from recommender.models import Experiment, Exposure
from recommender.registry.serving import Trial
from recommender.retrieval.viewer import Videos, Viewer


@dataclass
class Interleaved:
    """Two Home feeds in one by team draft; `teams` has the arm of each new video."""

    control: Home
    treatment: Home
    viewer: Viewer
    teams: dict[str, str] = field(default_factory=dict)
    kind = "home"

    def parameters(self) -> dict[str, str]:
        return self.control.parameters()

    def eligible(self, *, last_resort: bool) -> Videos:
        return self.control.eligible(last_resort=last_resort)

    def extend(self, planned: Sequence[PlannedItem], count: int) -> list[PlannedItem]:
        items = {
            arm: {item.video_id: item for item in feed.extend(planned, count)}
            for arm, feed in ((TREATMENT, self.treatment), (CONTROL, self.control))
        }
        drafted = team_draft(list(items[CONTROL]), list(items[TREATMENT]), Random())
        drafted = drafted[:count]
        self.teams |= {str(video): team for video, team in drafted}
        return [items[team][video] for video, team in drafted]


@dataclass(frozen=True)
class Assignment:
    """One feed under an experiment; an interleaved feed has no `arm`."""

    experiment: Experiment
    user: User
    feed: Feed
    arm: str = ""

    def record(self, feed_id: UUID) -> None:
        """Store the exposure; teams of later pages are added."""
        teams = self.feed.teams if isinstance(self.feed, Interleaved) else {}
        with transaction.atomic():
            exposure, new = Exposure.objects.select_for_update().get_or_create(
                feed_id=feed_id,
                defaults={
                    "experiment": self.experiment,
                    "user": self.user,
                    "arm": self.arm,
                    "teams": teams,
                },
            )
            if teams and not new:
                exposure.teams |= teams
                exposure.save(update_fields=["teams"])


def assign(feed: Home | Related | Listing, trial: Trial) -> Assignment | None:
    """How the running experiment serves this feed, None where it does not change it."""
    user, experiment = feed.viewer.user, trial.experiment
    if isinstance(feed, Listing) or not isinstance(user, User):
        return None
    if not user.record_history:
        return None
    arm = arm_of(user.pk, salt=experiment.salt, share=experiment.share)
    if arm is None:
        return None
    if experiment.kind == Experiment.Kind.AB:
        assigned = replace(feed, find_model=partial(trial.models.get, arm))
        return Assignment(experiment, user, assigned, arm)
    if isinstance(feed, Related):
        return None
    control, treatment = (
        replace(feed, find_model=partial(trial.models.get, name))
        for name in (CONTROL, TREATMENT)
    )
    return Assignment(experiment, user, Interleaved(control, treatment, feed.viewer))
