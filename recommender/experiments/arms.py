"""Feeds under the running experiment, and the record of their exposure.

Visitors and people who switched recording off do not take part, because their watches
are not recorded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from django.db import transaction

from accounts.models import User
from recommender.experiments.assignment import arm_of
from recommender.feeds.home import Home
from recommender.feeds.listing import Listing
from recommender.feeds.pagination import PlannedItem
from recommender.feeds.related import Related
from recommender.feeds.types import Feed, FeedPage
from recommender.ml.data.selection import Selection
from recommender.ml.experiments.interleaving import CONTROL, TREATMENT, team_draft
from recommender.ml.models.base import Model
from recommender.models import Experiment, Exposure
from recommender.registry.serving import Trial
from recommender.retrieval.viewer import Videos, Viewer


@dataclass(frozen=True)
class Interleaved:
    """Two Home feeds in one by team draft; the team of an item is its arm."""

    control: Home
    treatment: Home
    viewer: Viewer
    kind = "home"
    related_to = None
    hides_seen = True

    def models(self) -> list[Model]:
        return [*self.control.models(), *self.treatment.models()]

    def parameters(self) -> dict[str, str]:
        return self.control.parameters()

    def eligible(self) -> Videos:
        return self.control.eligible()

    def selected(self, *, last_resort: bool) -> Selection:
        return self.control.selected(last_resort=last_resort)

    def extend(self, planned: Sequence[PlannedItem], count: int) -> list[PlannedItem]:
        items = {
            arm: {item.video_id: item for item in feed.extend(planned, count)}
            for arm, feed in ((TREATMENT, self.treatment), (CONTROL, self.control))
        }
        drafted = team_draft(list(items[CONTROL]), list(items[TREATMENT]), Random())
        return [
            replace(items[team][video], team=team) for video, team in drafted[:count]
        ]


@dataclass(frozen=True)
class Assignment:
    """One feed under an experiment; an interleaved feed has no `arm`."""

    experiment: Experiment
    user: User
    feed: Feed
    arm: str = ""

    def record(self, page: FeedPage) -> None:
        """Store the exposure; teams of later pages are added."""
        teams = {str(video): team for video, team in page.teams.items()}
        with transaction.atomic():
            exposure, new = Exposure.objects.select_for_update().get_or_create(
                feed_id=page.feed_id,
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
