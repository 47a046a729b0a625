"""Two rankings in one list, so that one person judges both.

Team-draft interleaving: Radlinski, Kurup and Joachims, "How does clickthrough data
reflect retrieval quality?" (CIKM 2008).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from random import Random
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)

CONTROL, TREATMENT = "control", "treatment"


def team_draft(
    control: Sequence[Item], treatment: Sequence[Item], random: Random
) -> list[tuple[Item, str]]:
    """All items of both, each with the team that picked it.

    The team with fewer picks is next, a coin decides between equals; it picks its best
    item that nobody has picked. A list that is used up leaves the rest to the other.
    """
    waiting = {CONTROL: iter(control), TREATMENT: iter(treatment)}
    picks = {CONTROL: 0, TREATMENT: 0}
    drafted: dict[Item, str] = {}
    while waiting:
        first = CONTROL if random.random() < 0.5 else TREATMENT
        team = min(waiting, key=lambda name: (picks[name], name != first))
        item = next((item for item in waiting[team] if item not in drafted), None)
        if item is None:
            del waiting[team]
            continue
        drafted[item] = team
        picks[team] += 1
    return list(drafted.items())


def winner(teams: Mapping[Item, str], watched: Sequence[Item]) -> int:
    """1 where more of ``watched`` is the treatment's, -1 the control's, 0 for a tie."""
    credit = sum(
        {TREATMENT: 1, CONTROL: -1}.get(teams.get(item, ""), 0) for item in watched
    )
    return (credit > 0) - (credit < 0)
