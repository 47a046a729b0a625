"""LightGBM's trees, read from its text format and evaluated with numpy.

Importing LightGBM costs about 100 MB and, if scikit-learn is installed, seconds. Web
processes use this module instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recommender.ml.data.snapshot import FloatArray, IntArray

# Bits of `decision_type`.
CATEGORICAL, DEFAULT_LEFT = 1, 2
MISSING = {0: "none", 1: "zero", 2: "nan"}

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Forest:
    """A sum of trees, whose nodes are in the same arrays; ``roots`` are their first.

    A node sends a row to the left of ``children`` (n, 2) if the value of ``feature``
    (n,) is at most ``threshold`` (n,); a leaf is its own child and has a ``value``
    (n,). `predict` repeats the features three times, with NaN as 0, -inf and inf, and
    ``feature`` chooses among them. ``depth`` is that of the deepest leaf.
    """

    roots: IntArray
    feature: IntArray
    threshold: Values
    children: IntArray
    value: Values
    n_features: int
    depth: int

    @classmethod
    def parse(cls, text: str) -> Forest:
        """Read the text of `Booster.model_to_string`.

        Raises `ValueError` for other texts and for categorical splits.
        """
        header, *blocks = text.split("\nTree=")
        known = _entries(header)
        if "max_feature_idx" not in known or not blocks:
            raise ValueError("this is not a model in LightGBM's text format")
        n_features = int(known["max_feature_idx"]) + 1
        trees = [_tree(_entries(block), n_features) for block in blocks]
        sizes = [len(tree["feature"]) for tree in trees]
        roots = np.cumsum([0, *sizes[:-1]])
        return cls(
            roots=roots,
            feature=np.concatenate([tree["feature"] for tree in trees]),
            threshold=np.concatenate([tree["threshold"] for tree in trees]),
            children=np.concatenate(
                [
                    tree["children"] + root
                    for tree, root in zip(trees, roots, strict=True)
                ]
            ),
            value=np.concatenate([tree["value"] for tree in trees]),
            n_features=n_features,
            depth=max(_depth(tree["children"]) for tree in trees),
        )

    def predict(self, rows: FloatArray) -> FloatArray:
        """(n,) raw scores of ``rows`` (n, n_features), NaN where a value is missing.

        Raises `ValueError` for other shapes.
        """
        if rows.ndim != 2 or rows.shape[1] != self.n_features:
            raise ValueError(f"rows of shape {rows.shape}, not (n, {self.n_features})")
        values = np.asarray(rows, np.float64)
        missing = np.isnan(values)
        repeated = np.hstack(
            [np.where(missing, x, values) for x in (0, -np.inf, np.inf)]
        )
        row = np.arange(len(rows))[:, None]
        node = np.broadcast_to(self.roots, (len(rows), len(self.roots)))
        for _ in range(self.depth):
            right = repeated[row, self.feature[node]] > self.threshold[node]
            node = self.children[node, right.astype(np.int64)]
        return np.asarray(self.value[node].sum(1), np.float32)


def _entries(block: str) -> dict[str, str]:
    lines = (line.partition("=") for line in block.splitlines())
    return {name: value for name, sign, value in lines if sign}


def _tree(entries: dict[str, str], n_features: int) -> dict[str, npt.NDArray[Any]]:
    """Arrays of one tree: inner nodes first, then leaves."""
    leaves = np.array(entries["leaf_value"].split(), np.float64)
    inner = len(leaves) - 1
    place = np.arange(inner + len(leaves))
    feature = np.zeros(len(place), np.int64)
    threshold = np.full(len(place), np.inf)
    children = np.stack([place, place], axis=1)
    if inner:
        kinds = np.array(entries["decision_type"].split(), np.int64)
        missing = kinds >> 2 & 3
        if (kinds & CATEGORICAL).any() or (missing == 1).any():
            raise ValueError("categorical splits and zero as missing are not supported")
        version = np.where(missing == 2, np.where(kinds & DEFAULT_LEFT, 1, 2), 0)
        feature[:inner] = np.array(entries["split_feature"].split(), np.int64)
        feature[:inner] += version * n_features
        threshold[:inner] = np.array(entries["threshold"].split(), np.float64)
        for side, name in enumerate(("left_child", "right_child")):
            child = np.array(entries[name].split(), np.int64)
            # Leaf k is written as -(k + 1).
            children[:inner, side] = np.where(child < 0, inner - child - 1, child)
    return {
        "feature": feature,
        "threshold": threshold,
        "children": children,
        "value": np.concatenate([np.zeros(inner), leaves]),
    }


def _depth(children: IntArray) -> int:
    """The number of steps from the root to the deepest leaf."""
    reached, steps = np.zeros(1, np.int64), 0
    while True:
        following = np.unique(children[reached])
        if np.array_equal(following, reached):
            return steps
        reached, steps = following, steps + 1
