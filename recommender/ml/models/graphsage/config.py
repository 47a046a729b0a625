"""Settings of GraphSAGE; serving needs a part of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Windowing:
    """``window`` newest edges of a relation count, by e^(-rank / fade): ``long`` for
    taste, ``short`` for what somebody is in the middle of."""

    window: int
    long: float
    short: float

    def fade(self, relation: str) -> float:
        """The fade of a user relation."""
        return self.short if relation == "recent" else self.long


@dataclass(frozen=True)
class FanOut:
    """How many neighbours a step looks at: edges of a person's history in each
    relation, watchers of an item, videos of a watcher or creator. None is all."""

    history: int | None = None
    watchers: int | None = None
    watches: int | None = None


@dataclass(frozen=True)
class Config:
    """Settings; the defaults were chosen on validation parts alone.

    ``epochs`` bounds training, which ends after ``patience`` epochs without gain on
    the last ``validation`` share of watches. ``stop_after`` tells the number of epochs
    to run instead, as an earlier fit ``found`` it. Softmax is over all
    items up to ``negatives`` of them, over as many uniform ones beyond. ``balance``
    see `Targets`. The dropouts hide ids, watchers with trends (a new video), labels,
    and watches of a user (a new person). ``contrast_weight`` is that of the agreement
    of two views, which costs a second pass. ``window`` and the fades see `Windowing`.
    ``fan_out`` limits the neighbours that a step looks at (see `FanOut`), for graphs
    of which memory does not hold a copy for each of ``blocks``; None is no limit. A
    step takes its batch in so many ``parts``, one after the other, which changes what
    it takes of memory and not what it learns.
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

    @property
    def neighbours(self) -> FanOut:
        """The limits of ``fan_out``."""
        return FanOut(*(self.fan_out or ()))

    @property
    def windowing(self) -> Windowing:
        """What serving needs to know of the settings."""
        return Windowing(self.window, self.long_fade, self.short_fade)
