"""Dropout whose masks do not depend on the number of processes."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Dropout:
    """Masks for ``count`` rows of a batch, of which this process has ``rows``."""

    generator: torch.Generator
    count: int
    rows: slice

    def __call__(self, x: Tensor, share: float) -> Tensor:
        """``x`` (own rows, ...) with a ``share`` of its values set to 0, the others
        scaled to the same mean."""
        if not share:
            return x
        noise = torch.empty(self.count, *x.shape[1:], dtype=x.dtype)
        noise.bernoulli_(1 - share, generator=self.generator).div_(1 - share)
        return x * noise[self.rows]
