"""Losses of the networks: next items, hidden labels and two views of the same."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

Pairs = tuple[Tensor, Tensor]

OUT = -1e4  # the logit of an excluded pair
LABEL_SCALE = 4.0  # unit vectors make flat logits


def softmax(
    scores: Tensor, item: Tensor, weight: Tensor, seen: Pairs, *, temperature: float
) -> Tensor:
    """Cross-entropy of ``item`` (rows,) among all, from ``scores`` (rows, n_items).

    ``seen`` (row, item) pairs are excluded: serving never shows them again.
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

    Negatives are uniform and shared by the rows: each weighs n_items / drawn and needs
    no other correction. ``out`` (row, column) pairs, seen items and targets, are
    excluded.
    """
    log_weight = float(np.log(n_items / negatives.shape[1]))
    logits = (negatives / temperature).add_(log_weight)
    logits = logits.index_put_(out, logits.new_tensor(OUT))
    logits = torch.cat([positive[:, None] / temperature, logits], 1)
    first = torch.zeros(len(logits), dtype=torch.long, device=logits.device)
    return _mean(functional.cross_entropy(logits, first, reduction="none"), weight)


def label_loss(
    head: torch.nn.Linear, vectors: Tensor, labels: Tensor, hidden: Tensor
) -> Tensor:
    """Binary cross-entropy, summed over labels, of the rows that are ``hidden``.

    Only rows with a label count, and only where the step hid the edges of the labels:
    the others are inputs of the network.
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
    """Cross-entropy of each row of ``second`` (n, d) among all, given the same row of
    ``first`` (van den Oord et al., 2018). Rows are unit vectors."""
    logits = first @ second.T / temperature
    return functional.cross_entropy(logits, torch.arange(len(logits)).to(logits.device))


def _mean(losses: Tensor, weight: Tensor) -> Tensor:
    return (losses * weight).sum() / weight.sum()
