"""GraphSAGE on a planted graph of two communities."""

import subprocess
import sys
import timeit
from dataclasses import replace

import numpy as np
import pytest
import torch

from recommender.ml.data.features import ContentEncoder, ItemFeatures
from recommender.ml.data.history import Trail, UserHistory, histories
from recommender.ml.data.splits import global_time_split
from recommender.ml.evaluation import evaluate
from recommender.ml.models import registry
from recommender.ml.models.graphsage.batches import Histories, Targets, Watches
from recommender.ml.models.graphsage.config import Config, FanOut
from recommender.ml.models.graphsage.encoder import encode
from recommender.ml.models.graphsage.neighbours import Timeline
from recommender.ml.models.graphsage.network import Masks
from recommender.ml.models.graphsage.subgraphs import Subgraphs
from recommender.ml.models.graphsage.train import GraphSageTrainer, fit
from recommender.tests.ml.worlds import (
    DAY,
    START,
    strongest_contributions,
    two_communities,
)

SMALL = {"dim": 16, "epochs": 12, "batch_size": 128, "blocks": 4, "text_size": 8}


@pytest.fixture(scope="module")
def snapshot():
    return two_communities(users=120)


@pytest.fixture(scope="module")
def model(snapshot):
    return registry.fit("graphsage", snapshot, SMALL)


def trainer_of(snapshot, **overrides):
    config = Config(**{**SMALL, **overrides})
    encoder = ContentEncoder.fit(snapshot.texts, snapshot.duration, text_size=8, seed=0)
    return GraphSageTrainer(snapshot, encoder, config)


def subgraphs_of(snapshot, starts):
    windowing = Config(**SMALL).windowing
    encoder = ContentEncoder.fit(snapshot.texts, snapshot.duration, text_size=8, seed=0)
    return Subgraphs(
        snapshot,
        encoder.encode(snapshot.texts, snapshot.duration),
        windowing,
        Timeline(snapshot.watched, snapshot.n_users),
        starts,
        fan_out=FanOut(),
        device="cpu",
    )


def graph_now(trainer, snapshot):
    """The whole graph at the time of the snapshot, and the histories of all users."""
    histories = Histories.from_snapshot(snapshot, trainer._config.windowing)
    return subgraphs_of(snapshot, [snapshot.taken_at]).whole(0), histories


def own_share(model, states):
    """Share of the best 6 items, of 8 unseen, that lie in the user's community."""
    lists = [model.recommend(state, k=6).ids for state in states]
    own = [state.user_id % 2 for state in states]
    return np.mean([(ids % 2 == o).mean() for ids, o in zip(lists, own, strict=True)])


def test_communities_separate(model, snapshot):
    states = histories(snapshot, np.arange(snapshot.n_users))
    assert own_share(model, states) > 0.9
    vectors = model.vectors[:, :16]
    near = vectors @ vectors.T
    even = np.arange(snapshot.n_items) % 2 == 0
    same = near[np.ix_(even, even)].mean() + near[np.ix_(~even, ~even)].mean()
    assert same / 2 > near[np.ix_(even, ~even)].mean() + 0.3


def test_beats_popularity_on_later_watches(snapshot):
    split = global_time_split(snapshot)
    found = evaluate.evaluate(
        ["graphsage", "popularity"], split, configs={"graphsage": SMALL}
    )
    assert evaluate.beats_popularity(found.report, "graphsage")
    difference = found.report["differences"]["graphsage"]["popularity"]["recall@10"]
    assert difference["low"] > 0


def test_people_unknown_to_training_are_served(model):
    for own in (0, 1):
        watched = Trail.from_ids([500 + own, 502 + own, 504 + own], time=[1, 2, 3])
        hits = model.recommend(UserHistory(watched=watched), k=8)
        assert (hits.ids % 2 == own).mean() > 0.8
        assert not np.isin(watched.ids, hits.ids).any()


def test_interests_alone_choose_the_community(model):
    for own in (0, 1):
        state = UserHistory(interests=Trail.from_ids([1 + own]))
        assert (model.recommend(state, k=8).ids % 2 == own).mean() > 0.8


def test_a_new_video_finds_its_community_by_its_features(model, snapshot):
    copied = registry.fit("graphsage", snapshot, SMALL)
    videos = [
        ItemFeatures(
            900 + own,
            ("guitar piano song", "goal match league")[own],
            duration=60,
            created=START + 60 * DAY,
            category_ids=[(11, 21)[own]],
            parent_ids=[1 + own],
        )
        for own in (0, 1)
    ]
    vectors = copied.embed_items(videos)
    fans = [UserHistory(interests=Trail.from_ids([1 + own])) for own in (0, 1)]
    scores = copied.embed_users(fans) @ vectors.T
    assert scores[0, 0] > scores[0, 1]
    assert scores[1, 1] > scores[1, 0]
    copied.add_items(videos)
    assert 900 in copied.recommend(fans[0], k=60).ids
    np.testing.assert_allclose(
        copied.score_items(fans[0], [900, 901]), scores[0], rtol=1e-5
    )
    copied.index.remove(np.array([900]))
    assert 900 not in copied.recommend(fans[0], k=60).ids
    # A watch of the new video moves the next feed.
    seen = UserHistory(watched=Trail.from_ids([901]))
    assert not np.allclose(copied.embed_user(seen), copied.embed_user(UserHistory()))


def test_numpy_inference_equals_the_trained_network(snapshot):
    trainer = trainer_of(snapshot)
    list(trainer.run(2, stage="train"))
    network, model = trainer.network, trainer.model()
    graph, side = graph_now(trainer, snapshot)
    users = np.arange(snapshot.n_users)
    everyone = np.ones(len(users), bool)
    now = np.full(len(users), snapshot.taken_at)
    targets = Watches(users, np.full(len(users), -1), now, np.ones(len(users)))
    with torch.no_grad():
        nodes = network.nodes(graph)
        windows = side.before(targets, known=everyone, interested=everyone)
        vectors = network.users(nodes, side.means(windows, graph), len(users))
        scores = network.scores(vectors, nodes).numpy()
    np.testing.assert_allclose(model.vectors[:, :16], nodes.items.numpy(), atol=2e-5)
    np.testing.assert_allclose(model.vectors[:, 16:], nodes.trends.numpy(), atol=2e-5)
    states = histories(snapshot, users)
    embedded = model.embed_users(states)
    np.testing.assert_allclose(embedded[:, :16], vectors.numpy(), atol=2e-5)
    np.testing.assert_allclose(model.scores(states), scores, atol=5e-5)


def test_numpy_embeds_a_new_video_as_the_network_would(snapshot):
    """The network's vector of a video whose id and watchers are dropped, through the
    `ColdStartMap`, is that of `embed_items`."""
    uploaded = snapshot.uploaded.where(snapshot.uploaded.target != 4)
    snapshot = replace(snapshot, uploaded=uploaded)
    trainer = trainer_of(snapshot)
    list(trainer.run(2, stage="train"))
    graph, _ = graph_now(trainer, snapshot)
    kept = torch.ones(snapshot.n_items, 1)
    dropped = kept.clone()
    dropped[4] = 0
    with torch.no_grad():
        nodes = trainer.network.nodes(graph, Masks(dropped, dropped, kept))
    new = ItemFeatures(
        900,
        snapshot.texts[4],
        snapshot.duration[4],
        snapshot.created[4],
        category_ids=[11],
        parent_ids=[1],
    )
    model = trainer.model()
    cold = np.hstack([nodes.items[4].numpy(), nodes.trends[4].numpy()])
    placed = model._tables.cold_start(cold[None])[0]
    np.testing.assert_allclose(model.embed_items([new])[0], placed, atol=1e-4)
    warm = trainer.network.nodes(graph).items[4].detach().numpy()
    assert not np.allclose(cold[:16], warm, atol=0.01)


def test_dropout_of_ids_and_edges_improves_the_vectors_of_new_videos(snapshot):
    """Without it, the vectors of new videos are further from those with watchers."""

    def distance(**dropouts):
        trainer = trainer_of(snapshot, **dropouts)
        list(trainer.run(12, stage="train"))
        graph, _ = graph_now(trainer, snapshot)
        gone, kept = torch.zeros(snapshot.n_items, 1), torch.ones(snapshot.n_items, 1)
        with torch.no_grad():
            cold = trainer.network.nodes(graph, Masks(gone, gone, kept)).items
            warm = trainer.network.nodes(graph).items
        return 1 - float((cold * warm).sum(1).mean())

    without = distance(id_dropout=0.0, edge_dropout=0.0)
    assert distance(edge_dropout=0.3) < 0.8 * without


def test_people_and_videos_are_embedded_within_milliseconds(model, snapshot):
    states = histories(snapshot, np.arange(50))
    video = ItemFeatures(900, "guitar piano song", 60, START, 100, [11], [1])
    people = [timeit.timeit(lambda s=s: model.embed_user(s), number=1) for s in states]
    videos = timeit.repeat(lambda: model.embed_items([video]), number=1, repeat=50)
    assert np.median(people) < 0.01
    assert np.median(videos) < 0.01


def test_the_target_edge_carries_no_message(snapshot):
    """A watch to predict, or a like of the same video, changes nothing before it."""
    every = np.arange(len(snapshot.watched))
    targets = Targets.from_snapshot(snapshot, blocks=4, balance=0.5).at((0, every))
    side = Histories.from_snapshot(snapshot, Config(**SMALL).windowing)
    everyone = np.ones(len(targets), bool)
    windows = side.before(targets, known=everyone, interested=everyone)
    for relation in ("watched", "recent", "liked", "not_interested"):
        found = windows[relation]
        assert len(found.row)
        assert not (found.target == targets.item[found.row]).any()
    when = {
        (u, i): t
        for u, i, t in zip(targets.user, targets.item, targets.time, strict=True)
    }
    watched = windows["watched"]
    assert all(
        when[targets.user[row], item] < targets.time[row]
        for row, item in zip(watched.row, watched.target, strict=True)
    )


def test_the_graph_of_a_block_has_nothing_after_its_start(snapshot):
    targets = Targets.from_snapshot(snapshot, blocks=4, balance=0.5)
    for block, places in targets.batches(64, np.random.default_rng(0)):
        times = targets.at((block, places)).time
        assert (times >= targets.starts[block]).all()
        assert (times < [*targets.starts, np.inf][block + 1]).all()
    for block, start in enumerate(targets.starts):
        full = subgraphs_of(snapshot, targets.starts).whole(block)
        past = subgraphs_of(snapshot.before(start), targets.starts).whole(block)
        for edge_type in full.edge_types:
            torch.testing.assert_close(
                full[edge_type].means.matrix.to_dense(),
                past[edge_type].means.matrix.to_dense(),
            )
        torch.testing.assert_close(full["item"].trends, past["item"].trends)


def test_later_interactions_do_not_change_an_earlier_model(snapshot):
    split = global_time_split(snapshot)
    cut = split.test.history.taken_at
    late = snapshot.watched.time >= cut
    assert late.any()
    past = snapshot.watched.where(~late)
    without_future = replace(snapshot, watched=past).before(cut)
    a = registry.fit("graphsage", split.test.history, {**SMALL, "epochs": 2})
    b = registry.fit("graphsage", without_future, {**SMALL, "epochs": 2})
    np.testing.assert_array_equal(a.vectors, b.vectors)


def test_a_seed_repeats_and_another_differs(snapshot):
    settings = {**SMALL, "epochs": 2}
    first = registry.fit("graphsage", snapshot, settings)
    again = registry.fit("graphsage", snapshot, settings)
    other = registry.fit("graphsage", snapshot, {**settings, "seed": 1})
    np.testing.assert_array_equal(first.vectors, again.vectors)
    assert not np.allclose(first.vectors, other.vectors)


def test_hidden_labels_are_predicted(snapshot):
    trainer = trainer_of(snapshot, label_weight=1.0)
    list(trainer.run(12, stage="train"))
    shown = snapshot.in_category.where(snapshot.in_category.source >= 20)
    parents = snapshot.in_parent.where(snapshot.in_parent.source >= 20)
    hidden = replace(snapshot, in_category=shown, in_parent=parents)
    tables = encode(
        hidden,
        trainer.network.weights(snapshot),
        trainer._encoder,
        trainer._config.windowing,
    )
    with torch.no_grad():
        logits = trainer.network.item_labels(torch.from_numpy(tables.items[:20]) * 4)
    # Categories 11 and 12 are of parent 1, the even items'.
    music = logits[:, :2].max(1).values > logits[:, 2:].max(1).values
    assert (music.numpy() == (np.arange(20) % 2 == 0)).mean() >= 0.9


def test_the_reason_is_the_edge_whose_removal_costs_most(model, snapshot):
    checked = 0
    for state in histories(snapshot, np.arange(0, 120, 6)):
        items = model.recommend(state, k=5).ids
        scores = model.score_items(state, items)
        reasons = strongest_contributions(model, state, items)
        for item, score, reason in zip(items, scores, reasons, strict=True):
            if reason is None:
                continue
            name = {"interested_in": "interests"}.get(reason.relation, reason.relation)
            trail = getattr(state, name)
            place = int(np.flatnonzero(trail.ids == reason.id)[0])
            reduced = replace(state, **{name: trail.without(place)})
            after = model.score_items(reduced, [item])[0]
            assert score - after == pytest.approx(reason.amount, abs=1e-5)
            assert after < score
            checked += 1
    assert checked > 60
    assert model.contributions(UserHistory(), [500]) == [[]]
    assert model.contributions(histories(snapshot, np.array([0]))[0], [12345]) == [[]]


def test_similar_items_share_the_community(model):
    for item in (500, 501, 510, 511):
        hits = model.similar(item, k=8)
        assert item not in hits.ids
        assert (hits.ids % 2 == item % 2).mean() > 0.7


def test_saved_model_serves_the_same_without_torch(model, snapshot, tmp_path):
    registry.save(model, tmp_path / "run")
    loaded = registry.load(tmp_path / "run")
    states = histories(snapshot, np.arange(10))
    np.testing.assert_array_equal(loaded.scores(states), model.scores(states))
    hits = loaded.recommend(states[0], k=10)
    np.testing.assert_array_equal(hits.ids, model.recommend(states[0], k=10).ids)
    script = (
        "import sys; from pathlib import Path;"
        "from recommender.ml.models import registry;"
        "from recommender.ml.data.history import UserHistory;"
        f"m = registry.load(Path({str(tmp_path / 'run')!r}));"
        "m.recommend(UserHistory(), k=3); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_rebuild_embeds_newer_nodes_with_the_same_weights(model, snapshot, tmp_path):
    registry.save(model, tmp_path / "run", metrics={"kept": 1})
    newer = two_communities(users=130, items=44)
    manifest = registry.rebuild(tmp_path / "run", tmp_path / "next", newer)
    rebuilt = registry.load(tmp_path / "next")
    assert manifest.metrics == {"kept": 1}
    assert manifest.data_hash == newer.content_hash()
    np.testing.assert_array_equal(rebuilt.item_ids, newer.item_ids)
    states = histories(newer, np.arange(newer.n_users))
    assert own_share(rebuilt, states) > 0.85
    registry.rebuild(tmp_path / "run", tmp_path / "same", snapshot)
    same = registry.load(tmp_path / "same")
    np.testing.assert_allclose(same.vectors, model.vectors, atol=1e-6)


def test_sampled_softmax_learns_the_communities_too(snapshot):
    sampled = registry.fit("graphsage", snapshot, {**SMALL, "negatives": 16})
    states = histories(snapshot, np.arange(snapshot.n_users))
    assert own_share(sampled, states) > 0.85


def test_progress_has_epochs_loss_and_validation(snapshot):
    steps = []
    fit(snapshot, Config(**{**SMALL, "epochs": 3}), steps.append)
    validated = [step for step in steps if step.stage == "validate"]
    trained = [step for step in steps if step.stage == "train"]
    assert [step.epoch for step in validated] == [1, 2, 3]
    best = max(validated, key=lambda step: step.validation)
    assert len(trained) == best.epoch
    assert validated[-1].loss < validated[0].loss
    assert trained[0].validation is None


def test_the_result_of_a_search_replaces_the_next_search(model, snapshot):
    steps = []
    again = registry.fit(
        "graphsage", snapshot, {**SMALL, **model.searched}, steps.append
    )
    assert {step.stage for step in steps} == {"train"}
    np.testing.assert_array_equal(again.vectors, model.vectors)


def test_a_snapshot_without_watches_is_a_clear_error(snapshot):
    with pytest.raises(ValueError, match="no watches to learn from"):
        registry.fit("graphsage", snapshot.before(START - DAY), SMALL)
