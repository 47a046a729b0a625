"""The results of an experiment so far, and whether they suffice to stop.

Each user has one value, final once their window is over. A/B: views within the window.
Interleaving: which run placed more of the viewed videos, from -1 (control) to 1
(treatment), averaged over the user's feeds with a view. Users count in the order of
their first feeds, so values are independent draws, as confidence sequences require.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db.models import Min

from interactions.models import Watch
from recommender.ml.evaluation.interval import Interval
from recommender.ml.experiments import confidence_sequences
from recommender.ml.experiments.confidence_sequences import Bounds, Values
from recommender.ml.experiments.interleaving import CONTROL, TREATMENT, winner
from recommender.models import Experiment

MISMATCH = 0.001  # p-value below which the sizes of the arms are no accident


@dataclass(frozen=True)
class Readout:
    """`effect` is treatment minus control in `measure`, and `bounds` the same after
    each person. `arms` has the means of all outcomes by arm; `mismatch` is the p-value
    of the sizes of the arms under an even split."""

    measure: str
    exposed: Mapping[str, int]
    finished: int
    planned: int
    effect: Interval
    bounds: Bounds
    arms: Mapping[str, Mapping[str, Interval]]
    mismatch: float | None
    verdict: str
    stop: bool


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Outcomes of users whose window is over, in the order of their first feeds."""

    people: npt.NDArray[np.int64]
    treated: npt.NDArray[np.bool_]
    values: Mapping[str, Values]


def read(experiment: Experiment, *, at: datetime) -> Readout:
    """The results of a started experiment at a moment."""
    end = min(at, experiment.stopped_at or at)
    interleaved = experiment.kind == Experiment.Kind.INTERLEAVING
    outcomes = (preferences if interleaved else views)(experiment, until=end)
    primary = next(iter(outcomes.values.values()))
    planned = experiment.planned_people or 1
    values = (
        primary
        if interleaved
        else confidence_sequences.effects(primary, outcomes.treated)
    )
    bounds = confidence_sequences.confidence_sequence(values, planned=planned)
    exposed = _exposed(experiment)
    mismatch = None
    if not interleaved:
        mismatch = confidence_sequences.ratio_mismatch(
            exposed[TREATMENT], exposed[CONTROL]
        )
    effect = _last(bounds)
    verdict, stop = _verdict(experiment, effect, len(values), planned, mismatch)
    return Readout(
        measure="preference" if interleaved else "difference in views a person",
        exposed=exposed,
        finished=len(values),
        planned=planned,
        effect=effect,
        bounds=bounds,
        arms={} if interleaved else _by_arm(outcomes, planned),
        mismatch=mismatch,
        verdict=verdict,
        stop=stop,
    )


def views(experiment: Experiment, *, until: datetime) -> Outcomes:
    """Views and minutes watched of each person within their window."""
    people = _finished(experiment, until)
    sums = watched_within(
        {key: first for key, first, _ in people}, experiment.window_days
    )
    return Outcomes(
        np.array([key for key, _, _ in people], np.int64),
        np.array([arm == TREATMENT for _, _, arm in people], bool),
        {
            "views": np.array([sums[key][0] for key, _, _ in people], np.float64),
            "minutes": np.array([sums[key][1] for key, _, _ in people], np.float64),
        },
    )


def preferences(experiment: Experiment, *, until: datetime) -> Outcomes:
    """The preference of each person whose feeds led to at least one view.

    People without a view have no preference and do not count.
    """
    people = _finished(experiment, until)
    window = timedelta(days=experiment.window_days)
    ends = {key: first + window for key, first, _ in people}
    viewed = defaultdict(list)
    views_in_feeds = Watch.objects.filter(
        timestamp__gte=experiment.started_at,
        feed_id__in=experiment.exposures.values("feed_id"),
        counted=True,
    )
    for feed, user, video, at in views_in_feeds.values_list(
        "feed_id", "user_id", "video_id", "timestamp"
    ):
        if user in ends and at < ends[user]:
            viewed[feed, user].append(str(video))
    wins: dict[int, list[int]] = defaultdict(list)
    for feed, user, teams in experiment.exposures.filter(
        feed_id__in=views_in_feeds.values("feed_id")
    ).values_list("feed_id", "user_id", "teams"):
        if (feed, user) in viewed:
            wins[user].append(winner(teams, viewed[feed, user]))
    judges = [key for key, _, _ in people if key in wins]
    return Outcomes(
        np.array(judges, np.int64),
        np.zeros(len(judges), bool),
        {"preference": np.array([np.mean(wins[key]) for key in judges], np.float64)},
    )


def watched_within(
    firsts: Mapping[int, datetime], days: int
) -> Mapping[int, tuple[int, float]]:
    """Views and minutes of each person (by key) in `days` days from their first."""
    sums: dict[int, tuple[int, float]] = dict.fromkeys(firsts, (0, 0.0))
    if not firsts:
        return sums
    window = timedelta(days=days)
    rows = Watch.objects.filter(
        timestamp__gte=min(firsts.values()),
        timestamp__lt=max(firsts.values()) + window,
    )
    for key, counted, repeated, seconds, at in rows.values_list(
        *("user_id", "counted", "repeated", "watched_duration", "timestamp")
    ).iterator():
        if key in firsts and firsts[key] <= at < firsts[key] + window:
            number, minutes = sums[key]
            views = int(counted and not repeated)
            sums[key] = number + views, minutes + seconds / 60
    return sums


def _finished(
    experiment: Experiment, until: datetime
) -> list[tuple[int, datetime, str]]:
    """Person, first feed and arm, for windows that ended by `until`, in order."""
    over = until - timedelta(days=experiment.window_days)
    rows: Any = (
        experiment.exposures.order_by()
        .values("user")
        .annotate(first=Min("created_at"), its_arm=Min("arm"))
    )
    return list(
        rows.filter(first__lte=over)
        .order_by("first", "user")
        .values_list("user", "first", "its_arm")
    )


def _exposed(experiment: Experiment) -> dict[str, int]:
    """The number of people with a feed, by arm."""
    people = experiment.exposures.order_by().values_list("user", "arm").distinct()
    arms = [arm for _, arm in people]
    if experiment.kind == Experiment.Kind.INTERLEAVING:
        return {"both": len(arms)}
    return {name: arms.count(name) for name in (CONTROL, TREATMENT)}


def _by_arm(outcomes: Outcomes, planned: int) -> dict[str, dict[str, Interval]]:
    return {
        arm: {
            name: _last(
                confidence_sequences.confidence_sequence(
                    values[of], planned=max(planned // 2, 1)
                )
            )
            for name, values in outcomes.values.items()
        }
        for arm, of in ((CONTROL, ~outcomes.treated), (TREATMENT, outcomes.treated))
    }


def _last(bounds: Bounds) -> Interval:
    if not len(bounds.mean):
        return Interval(np.nan, -np.inf, np.inf)
    return Interval(*(float(b[-1]) for b in (bounds.mean, bounds.low, bounds.high)))


def _verdict(
    experiment: Experiment,
    effect: Interval,
    finished: int,
    planned: int,
    mismatch: float | None,
) -> tuple[str, bool]:
    """The verdict, and whether to stop."""
    if mismatch is not None and mismatch < MISMATCH:
        return (
            "Do not trust this experiment: the sizes of its arms differ more than "
            "chance explains. Find out why, and start another.",
            True,
        )
    if finished < confidence_sequences.MINIMUM:
        return (
            "Too early: there is no result before "
            f"{confidence_sequences.MINIMUM} people have finished.",
            False,
        )
    if effect.low > 0:
        return f"{experiment.treatment} (treatment) is better.", True
    if effect.high < 0:
        return f"{experiment.control} (control) is better.", True
    if finished >= planned:
        return (
            "No difference found with the planned number of people. A difference of "
            "the planned size would have shown in four of five experiments.",
            True,
        )
    return "Undecided: the interval contains zero. Let it continue.", False
