"""Settings of GraphSAGE; serving needs a part of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from recommender.ml.train.budget import Budget

WHOLE_GRAPH = 1_000_000  # watches; above, a step on all of them takes seconds
BYTES = 40  # of a watch in the copy of a block: two directions, both ways of a product
# The best of three settings tried in the same time on 5 million watches.
SAMPLED, SAMPLED_BATCH, SAMPLED_NEGATIVES = (10, 5, 3), 4096, 1024


@dataclass(frozen=True)
class Windowing:
    """The ``window`` newest edges of a relation count, by e^(-rank / fade): ``long``
    for lasting interests, ``short`` for the current session."""

    window: int
    long: float
    short: float

    def fade(self, relation: str) -> float:
        """The fade of a user relation."""
        return self.short if relation == "recent" else self.long


@dataclass(frozen=True)
class FanOut:
    """How many neighbours a step samples: edges of a person's history in each relation,
    watchers of an item, videos of a watcher or creator. None means all."""

    history: int | None = None
    watchers: int | None = None
    watches: int | None = None


@dataclass(frozen=True)
class Config:
    """Settings; the defaults were chosen on validation parts.

    ``epochs`` bounds training, which ends after ``patience`` epochs without gain on
    the last ``validation`` share of watches; ``stop_after`` sets the number of epochs
    instead. The softmax is over all items if there are at most ``negatives``, else over
    as many random ones. For ``balance`` see `Targets`, for ``window`` and the fades
    `Windowing`. The dropouts hide ids, watchers and trends (as of a new video), labels,
    and the watches of a user (as of a new person). ``contrast_weight`` is that of the
    loss between two views, which needs a second pass. ``fan_out`` limits the neighbours
    of a step (see `FanOut`), for graphs too large for one copy in memory for each of
    ``blocks``; None is no limit. A step processes its batch in ``parts``, one after the
    other, to use less memory with the same result.
    """

    dim: int = 64
    trend_dim: int = 4
    text_size: int = 48
    epochs: int = 12
    patience: int = 4
    validation: float = 0.1
    stop_after: int = 0
    batch_size: int = 1024
    parts: int = 1
    blocks: int = 10
    negatives: int = 2048
    learning_rate: float = 0.01
    temperature: float = 0.15
    balance: float = 0.5
    label_weight: float = 0.1
    contrast_weight: float = 0.0
    contrast_temperature: float = 0.2
    id_dropout: float = 0.3
    edge_dropout: float = 0.1
    label_dropout: float = 0.2
    history_dropout: float = 0.05
    window: int = 50
    long_fade: float = 25.0
    short_fade: float = 3.0
    fan_out: tuple[int, int, int] | None = None
    seed: int = 0

    def fitting(self, watches: int, limit: Budget) -> Config:
        """With a ``fan_out``, if it is None and a graph of so many watches is too large
        for whole-graph steps within ``limit``."""
        copies = BYTES * watches * self.blocks
        small = watches <= WHOLE_GRAPH and copies <= limit.memory_bytes / 2
        if self.fan_out or not limit.has_limit or small:
            return self
        return replace(
            self,
            fan_out=SAMPLED,
            batch_size=max(self.batch_size, SAMPLED_BATCH),
            negatives=min(self.negatives, SAMPLED_NEGATIVES),
        )

    @property
    def neighbours(self) -> FanOut:
        """The limits of ``fan_out``."""
        return FanOut(*(self.fan_out or ()))

    @property
    def windowing(self) -> Windowing:
        """The settings that serving needs."""
        return Windowing(self.window, self.long_fade, self.short_fade)
