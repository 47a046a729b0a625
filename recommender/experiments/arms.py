"""Feeds under the running experiment: the arm's plan, and a row of what was given out.

Visitors take no part, nor do people who switched recording off: nothing would be known
of what they watch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from uuid import UUID

from django.db import transaction

from accounts.models import User
from recommender.experiments.assignment import arm_of
from recommender.feeds.assemble import Home, Related
from recommender.feeds.pagination import Entry, Plan
from recommender.ml.experiments.interleaving import CONTROL, TREATMENT, team_draft
from recommender.models import Experiment, Exposure
from recommender.registry import serving
from recommender.retrieval.eligible import Videos
from recommender.retrieval.viewer import Viewer


@dataclass
class Interleaved:
    """Two Home feeds in one by team draft; `teams` says whose each new video is."""

    control: Home
    treatment: Home
    viewer: Viewer
    teams: dict[str, str] = field(default_factory=dict)
    kind = "home"

    def parameters(self) -> dict[str, str]:
        return self.control.parameters()

    def pool(self, *, last_resort: bool) -> Videos:
        return self.control.pool(last_resort=last_resort)

    def extend(self, planned: Sequence[Entry], count: int) -> list[Entry]:
        ours, theirs = (
            {entry.video_id: entry for entry in plan.extend(planned, count)}
            for plan in (self.treatment, self.control)
        )
        drafted = team_draft(list(theirs), list(ours), Random())[:count]
        self.teams |= {str(video): team for video, team in drafted}
        of = {CONTROL: theirs, TREATMENT: ours}
        return [of[team][video] for video, team in drafted]


@dataclass(frozen=True)
class Part:
    """The part that one feed has in an experiment."""

    experiment: Experiment
    user: User
    plan: Plan
    arm: str = ""

    def record(self, feed_id: UUID) -> None:
        """Keep that the feed was given out; teams of later pages are added."""
        teams = self.plan.teams if isinstance(self.plan, Interleaved) else {}
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


def part_of(plan: Plan) -> Part | None:
    """How the running experiment has this feed, None where it leaves it alone."""
    viewer, trial = plan.viewer, serving.trial()
    if trial is None or not isinstance(plan, Home | Related):
        return None
    user, experiment = viewer.user, trial.experiment
    if not isinstance(user, User) or not user.record_history:
        return None
    arm = arm_of(user.pk, salt=experiment.salt, share=experiment.share)
    if arm is None:
        return None
    if experiment.kind == Experiment.Kind.AB:
        assigned = replace(plan, viewer=viewer.by(trial.models[arm]))
        return Part(experiment, user, assigned, arm)
    if isinstance(plan, Related):
        return None
    control, treatment = (
        replace(plan, viewer=viewer.by(trial.models[name]))
        for name in (CONTROL, TREATMENT)
    )
    return Part(experiment, user, Interleaved(control, treatment, viewer))
