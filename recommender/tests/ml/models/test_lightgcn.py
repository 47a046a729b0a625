import warnings

import numpy as np
import torch

from recommender.ml.data.history import histories
from recommender.ml.models import registry
from recommender.ml.models.lightgcn.train import Config, LightGcnTrainer
from recommender.tests.ml.worlds import two_communities


def test_vectors_are_those_of_pyg():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyG compiles with torch.jit, as in network.py
        from torch_geometric.nn import LightGCN

    snapshot = two_communities()
    trainer = LightGcnTrainer(snapshot, Config(dim=8, layers=3, batch_size=256))
    list(trainer.run(1, stage="train"))
    n_users = snapshot.n_users
    theirs = LightGCN(n_users + snapshot.n_items, 8, num_layers=3)
    with torch.no_grad():
        theirs.embedding.weight.copy_(trainer.network.embedding.weight)
        watched = snapshot.watched
        user = torch.from_numpy(watched.source)
        item = torch.from_numpy(watched.target) + n_users
        both = torch.stack([torch.cat([user, item]), torch.cat([item, user])])
        expected = theirs.get_embedding(both).numpy()
        trained = trainer.network.vectors().numpy()
    model = trainer.model()
    served = model.embed_users(histories(snapshot, np.arange(n_users)))
    np.testing.assert_allclose(trained, expected, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(served, expected[:n_users], rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(model.vectors, expected[n_users:], rtol=1e-3, atol=1e-5)


def test_negatives_were_not_watched():
    snapshot = two_communities()
    trainer = LightGcnTrainer(snapshot, Config(dim=4, batch_size=128))
    watched = set(zip(snapshot.watched.source, snapshot.watched.target, strict=True))
    for user, item, other in map(trainer.examples, trainer.loop.batches()):
        assert watched.issuperset(zip(user, item, strict=True))
        assert watched.isdisjoint(zip(user, other, strict=True))


def test_the_number_of_epochs_is_found_once():
    steps = []
    config = {"dim": 8, "epochs": 12, "check_every": 3, "patience": 3}
    model = registry.fit("lightgcn", two_communities(), config, steps.append)
    epochs = model.searched["stop_after"]
    assert epochs % 3 == 0
    validated = [step for step in steps if step.validation is not None]
    assert [step.epoch for step in validated] == [3, 6, 9, 12][: len(validated)]
    assert len([step for step in steps if step.stage == "train"]) == epochs
    steps.clear()
    registry.fit(
        "lightgcn", two_communities(), {**config, **model.searched}, steps.append
    )
    assert {step.stage for step in steps} == {"train"}
