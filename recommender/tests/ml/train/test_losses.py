import numpy as np
import pytest
import torch

from recommender.ml.train.losses import info_nce


def test_info_nce_is_the_cross_entropy_of_each_rows_own():
    first = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    second = torch.tensor([[0.6, 0.8], [0.0, 1.0]])
    # Cosines are .6 and 0 in the first row, .8 and 1 in the second.
    rows = [np.log(1 + np.exp(-0.6 / 0.5)), np.log(1 + np.exp(-0.2 / 0.5))]
    loss = info_nce(first, second, temperature=0.5)
    assert float(loss) == pytest.approx(np.mean(rows), rel=1e-6)
    assert float(info_nce(first, first, temperature=0.5)) < float(loss)
