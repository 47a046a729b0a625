"""What GraphSAGE is trained on: links that follow, and labels that were hidden."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

Pairs = tuple[Tensor, Tensor]

OUT = -1e4  # a logit that takes no part
LABEL_SCALE = 4.0  # unit vectors make flat logits


def softmax(
    scores: Tensor, item: Tensor, weight: Tensor, seen: Pairs, *, temperature: float
) -> Tensor:
    """Cross-entropy of ``item`` (rows,) among all, from ``scores`` (rows, n_items).

    ``seen`` (row, item) pairs do not compete: serving never shows them again.
    """
    logits = (scores / temperature).index_put_(seen, scores.new_tensor(OUT))
    return _mean(functional.cross_entropy(logits, item, reduction="none"), weight)


def sampled_softmax(
    positive: Tensor,
    negatives: Tensor,
    weight: Tensor,
    out: Pairs,
    *,
    temperature: float,
    n_items: int,
) -> Tensor:
    """Cross-entropy of ``positive`` (rows,) against ``negatives`` (rows, drawn).

    Negatives are uniform and shared by the rows: each stands for n_items / drawn and
    needs no other correction. ``out`` (row, column) pairs are seen, or the target.
    """
    stand_for = float(np.log(n_items / negatives.shape[1]))
    logits = (negatives / temperature).add_(stand_for)
    logits = logits.index_put_(out, logits.new_tensor(OUT))
    logits = torch.cat([positive[:, None] / temperature, logits], 1)
    first = torch.zeros(len(logits), dtype=torch.long, device=logits.device)
    return _mean(functional.cross_entropy(logits, first, reduction="none"), weight)


def label_loss(
    head: torch.nn.Linear, vectors: Tensor, labels: Tensor, hidden: Tensor
) -> Tensor:
    """Binary cross-entropy, summed over labels, of the rows that are ``hidden``.

    Only rows with a label count, and only where the step hid the label's own edge:
    a label that the network was told proves nothing.
    """
    rows = hidden & labels.any(1)
    if not rows.any():
        return vectors.new_zeros(())
    logits = head(vectors[rows] * LABEL_SCALE)
    total = functional.binary_cross_entropy_with_logits(
        logits, labels[rows], reduction="sum"
    )
    return total / rows.sum()


def info_nce(first: Tensor, second: Tensor, *, temperature: float) -> Tensor:
    """How badly each row of ``first`` (n, d) is told among those of ``second``: its own
    is to be the nearest (van den Oord et al., 2018). Rows are unit vectors."""
    logits = first @ second.T / temperature
    return functional.cross_entropy(logits, torch.arange(len(logits)).to(logits.device))


def _mean(losses: Tensor, weight: Tensor) -> Tensor:
    return (losses * weight).sum() / weight.sum()
