"""Training on sampled neighbours against training on the whole graph."""

import numpy as np
import pytest
import torch

from recommender.ml.data.features import ContentEncoder
from recommender.ml.data.history import histories
from recommender.ml.models import registry
from recommender.ml.models.graphsage.config import Config
from recommender.ml.models.graphsage.objective import Noise, Share
from recommender.ml.models.graphsage.train import GraphSageTrainer
from recommender.tests.ml.worlds import two_communities

SMALL = {
    "dim": 16,
    "epochs": 8,
    "stop_after": 8,
    "batch_size": 128,
    "blocks": 4,
    "text_size": 8,
}
ALL = (1000, 1000, 1000)
# On a part of the graph only the labels of the negatives count, on the whole graph all:
# the two are equal if the negatives are all items, or without that term.
OPTIONS = [{"negatives": 1000}, {"negatives": 12, "label_weight": 0.0}]


@pytest.fixture(scope="module")
def snapshot():
    return two_communities(users=120)


def trainer_of(snapshot, **overrides):
    config = Config(**{**SMALL, "contrast_weight": 0.1, **overrides})
    encoder = ContentEncoder.fit(snapshot.texts, snapshot.duration, text_size=8, seed=0)
    return GraphSageTrainer(snapshot, encoder, config)


def gradients(snapshot, rows=10_000, **overrides):
    """Loss and gradients of one step over a block of the first epoch, or some of it."""
    trainer = trainer_of(snapshot, **overrides)
    random = np.random.default_rng(5)
    block, places = trainer._targets.batches(10_000, random)[0]
    batch = block, places[:rows]
    noise = Noise.draw(trainer._config, len(batch[1]), snapshot.n_items, random)
    parts = trainer._config.parts
    loss = 0
    for part in range(parts):
        share = trainer._objective.loss(batch, noise, 7, Share(part, parts))
        share.backward()
        loss += share.detach()
    named = trainer.network.named_parameters()
    return loss, {name: p.grad for name, p in named if p.grad is not None}


def differ(one, other):
    """The relative distance of two sets of gradients."""
    assert set(one) == set(other)
    apart = sum(float((one[name] - other[name]).square().sum()) for name in one)
    return (apart / sum(float(each.square().sum()) for each in one.values())) ** 0.5


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize(
    "changes", [{"fan_out": ALL}, {"parts": 3}, {"fan_out": ALL, "parts": 5}]
)
def test_neighbours_that_cover_all_give_the_whole_graphs_gradients(
    snapshot, options, changes
):
    loss, whole = gradients(snapshot, **options)
    same, covered = gradients(snapshot, **options, **changes)
    assert {"item", "watchers", "creator", "relations"} <= set(whole)
    assert all(gradient.abs().max() > 0 for gradient in whole.values())
    torch.testing.assert_close(loss, same)
    # Rounding of float32 alone: its last bit is 1.2e-7.
    assert differ(whole, covered) < 2e-6
    less, _ = gradients(snapshot, **options, fan_out=(3, 2, 2))
    assert not torch.isclose(less, loss, rtol=1e-4)


@pytest.mark.parametrize("fan_out", [None, (5, 4, 3)])
def test_parts_of_a_batch_give_its_gradients(snapshot, fan_out):
    """Of sampled neighbours too, with the labels of some items."""
    loss, whole = gradients(snapshot, negatives=12, fan_out=fan_out)
    same, parted = gradients(snapshot, negatives=12, fan_out=fan_out, parts=4)
    torch.testing.assert_close(loss, same)
    assert differ(whole, parted) < 2e-6


def test_shares_without_a_target_add_nothing(snapshot):
    loss, whole = gradients(snapshot, rows=2)
    same, shared = gradients(snapshot, rows=2, parts=3)
    torch.testing.assert_close(loss, same)
    for name in ("item", "relations"):
        torch.testing.assert_close(shared[name], whole[name], atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("options", OPTIONS)
def test_whole_trainings_are_equal_too(snapshot, options):
    whole, covered = (
        list(trainer_of(snapshot, fan_out=fan_out, **options).run(3, stage="train"))
        for fan_out in (None, ALL)
    )
    for one, other in zip(whole, covered, strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-4)


@pytest.mark.slow
def test_few_neighbours_learn_nearly_as_well(snapshot):
    def own_share(**config):
        model = registry.fit("graphsage", snapshot, {**SMALL, **config})
        states = histories(snapshot, np.arange(snapshot.n_users))
        lists = [model.recommend(state, k=6).ids for state in states]
        return np.mean([(ids % 2 == n % 2).mean() for n, ids in enumerate(lists)])

    whole = own_share()
    assert own_share(fan_out=(5, 4, 3), negatives=16) > whole - 0.05
    # As a setting of JSON has it.
    assert own_share(fan_out=[5, 4, 3]) > whole - 0.05


def test_a_step_looks_at_no_more_nodes_than_the_limits_allow():
    snapshot = two_communities(users=600, items=300, watches=40)
    trainer = trainer_of(snapshot, fan_out=(2, 3, 2))
    items, no_creators = np.array([3, 8]), np.empty(0, np.int64)
    graph = trainer._subgraphs.around(3, items, no_creators, step=1)
    watchers = graph["item", "watched", "user"].means.matrix
    assert watchers.shape[0] <= 2 * 3
    assert np.diff(watchers.crow_indices()).max() <= 2
    assert len(graph["item"].places) <= 2 + 2 * 3 * 2 + 2 * 2
    np.testing.assert_array_equal(graph["item"].places[:2], items)


def test_the_contrastive_term_makes_two_views_of_a_video_similar(snapshot):
    """It moves the views of a video together and those of others apart."""

    def agreement(trainer):
        graph = trainer._subgraphs.whole(3)
        random = np.random.default_rng(9)
        noise = Noise.draw(trainer._config, 1, snapshot.n_items, random)
        with torch.no_grad():
            views = [
                trainer.network.nodes(graph, masks).items
                for masks in (noise.masks, noise.others)
            ]
        cosines = views[0] @ views[1].T
        return float((cosines.argmax(1) == torch.arange(len(cosines))).float().mean())

    apart, without = (
        trainer_of(snapshot, contrast_weight=weight) for weight in (1.0, 1e-9)
    )
    for trainer in (apart, without):
        list(trainer.run(6, stage="train"))
    assert agreement(apart) > agreement(without) + 0.1
