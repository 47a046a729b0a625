"""What GraphSAGE is trained on: links that follow, and labels that were hidden."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from recommender.ml.graph import IntArray

LABEL_SCALE = 4.0  # unit vectors make flat logits


def full_softmax(
    scores: Tensor,
    item: Tensor,
    weight: Tensor,
    *,
    temperature: float,
    seen: tuple[IntArray, IntArray],
) -> Tensor:
    """Cross-entropy of ``item`` (rows,) among all, from ``scores`` (rows, n_items).

    ``seen`` (row, item) pairs do not compete: serving never shows them again.
    """
    row, column = (torch.from_numpy(each) for each in seen)
    logits = (scores / temperature).index_put((row, column), scores.new_tensor(-1e4))
    return _mean(functional.cross_entropy(logits, item, reduction="none"), weight)


def sampled_softmax(
    positive: Tensor,
    negatives: Tensor,
    clash: Tensor,
    weight: Tensor,
    *,
    temperature: float,
    n_items: int,
) -> Tensor:
    """Cross-entropy of ``positive`` (rows,) against ``negatives`` (rows, drawn).

    Negatives are shared and uniform, so each stands for n_items / drawn of them and
    needs no other correction; those that ``clash`` with the target are left out.
    """
    stand_for = float(np.log(n_items / negatives.shape[1]))
    logits = (negatives / temperature + stand_for).masked_fill(clash, -1e4)
    logits = torch.cat([positive[:, None] / temperature, logits], 1)
    first = torch.zeros(len(logits), dtype=torch.long)
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


def _mean(losses: Tensor, weight: Tensor) -> Tensor:
    return (losses * weight).sum() / weight.sum()
