from dataclasses import replace

import numpy as np
import pytest

from recommender.ml.data.snapshot import (
    Edges,
    GraphSnapshot,
    Links,
    SnapshotError,
    positions,
)
from recommender.tests.ml.worlds import DAY, START, make_snapshot, two_communities


def test_external_ids_in_any_order_become_dense_ids():
    snapshot = make_snapshot(
        item_ids=[7, 3, 5],
        texts=["seven", "three", "five"],
        duration=[70, 30, 50],
        created=[7, 3, 5],
        n_items=3,
        watched=[(101, 7, 0.5, 2), (100, 3, 1, 1), (101, 3, 0.25, 0)],
    )
    assert snapshot.item_ids.tolist() == [3, 5, 7]
    assert snapshot.texts == ("three", "five", "seven")
    assert snapshot.duration.tolist() == [30, 50, 70]
    assert snapshot.watched.source.tolist() == [0, 1, 1]
    assert snapshot.watched.target.tolist() == [0, 0, 2]
    assert snapshot.watched.weight.tolist() == [1, 0.25, 0.5]
    assert positions(snapshot.item_ids, [5, 4, 7]).tolist() == [1, -1, 2]


def test_a_repeated_pair_keeps_its_greatest_weight_and_latest_time():
    snapshot = make_snapshot(watched=[(100, 500, 0.9, 1), (100, 500, 0.4, 3)])
    assert len(snapshot.watched) == 1
    assert snapshot.watched.weight[0] == np.float32(0.9)
    assert snapshot.watched.time[0] == START + 3 * DAY


def test_hash_depends_on_content_alone():
    rows = [(100, 500, 0.9, 1), (101, 501, 0.4, 3)]
    snapshot = make_snapshot(watched=rows)
    assert (
        snapshot.content_hash()
        == make_snapshot(watched=rows[::-1], taken_at=1.0).content_hash()
    )
    changed = [
        make_snapshot(watched=[(100, 500, 0.8, 1), rows[1]]),
        make_snapshot(watched=rows, texts=["a", "b", "c", "d", "e"]),
        make_snapshot(watched=rows, relations={"follows": Links([100], [101])}),
        make_snapshot(watched=rows, relations={"liked": Links([100], [500])}),
    ]
    hashes = {snapshot.content_hash(), *(s.content_hash() for s in changed)}
    assert len(hashes) == 5


def test_saved_snapshot_loads_equal(tmp_path):
    snapshot = two_communities()
    snapshot.save(tmp_path / "snapshot")
    loaded = GraphSnapshot.load(tmp_path / "snapshot")
    assert loaded.content_hash() == snapshot.content_hash()
    assert loaded.taken_at == snapshot.taken_at
    np.testing.assert_array_equal(loaded.liked.time, snapshot.liked.time)


def test_user_texts_and_text_vectors_are_part_of_the_snapshot(tmp_path):
    plain = make_snapshot(n_users=2)
    with_texts = make_snapshot(user_ids=[101, 100], user_texts=["second", "first"])
    assert with_texts.user_texts == ("first", "second")
    assert with_texts.content_hash() != plain.content_hash()
    vectors = np.ones((5, 3), np.float32)
    embedded = replace(with_texts, text_vectors=vectors)
    assert embedded.content_hash() != with_texts.content_hash()
    embedded.save(tmp_path / "snapshot")
    loaded = GraphSnapshot.load(tmp_path / "snapshot")
    assert loaded.user_texts == with_texts.user_texts
    np.testing.assert_array_equal(loaded.text_vectors, vectors)
    with pytest.raises(SnapshotError, match="user_texts: one value a user"):
        make_snapshot(user_texts=["too few"])
    with pytest.raises(SnapshotError, match="text_vectors: one row an item"):
        replace(with_texts, text_vectors=vectors[:2])


@pytest.mark.parametrize("name", ["snapshot.npz", "snapshot.json"])
def test_a_damaged_or_missing_snapshot_is_an_error(tmp_path, name):
    with pytest.raises(SnapshotError, match="no readable snapshot"):
        GraphSnapshot.load(tmp_path)
    folder = tmp_path / "snapshot"
    make_snapshot(watched=[(100, 500, 1, 1)]).save(folder)
    (folder / name).write_bytes(b"{" * 100)
    with pytest.raises(SnapshotError, match="no readable snapshot"):
        GraphSnapshot.load(folder)


def test_an_edited_snapshot_is_refused(tmp_path):
    folder = tmp_path / "snapshot"
    make_snapshot().save(folder)
    document = folder / "snapshot.json"
    document.write_text(document.read_text().replace("video 0", "video 9"))
    with pytest.raises(SnapshotError, match="altered"):
        GraphSnapshot.load(folder)


def test_before_cuts_interactions_and_keeps_nodes():
    snapshot = make_snapshot(
        watched=[(100, 500, 1, 1), (100, 501, 1, 2)],
        relations={
            "follows": Links([100, 101], [101, 102], time=[START, START + 5 * DAY]),
            "uploaded": Links([103], [504], time=START + 9 * DAY),
        },
    )
    past = snapshot.before(START + 2 * DAY)
    assert past.watched.target.tolist() == [0]
    assert past.follows.target.tolist() == [1]
    assert past.creator.tolist() == [-1, -1, -1, -1, 3]
    assert past.n_items == snapshot.n_items


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"watched": [(100, 999, 1, 1)]}, r"watched.target: id 999"),
        ({"watched": [(100, 500, -1, 1)]}, r"watched.weight"),
        ({"watched": [(100, 500, np.nan, 1)]}, r"watched.weight"),
        ({"watched": [(100, 500, 1, np.nan)]}, r"watched.time"),
        ({"user_ids": [100, 100]}, r"user_ids: an id repeats"),
        ({"texts": ["one"]}, r"texts: one value an item"),
        ({"duration": [1, 2, 3, 4, np.inf]}, r"duration: values must be finite"),
        ({"relations": {"follows": Links([100], [100])}}, r"follows themselves"),
        ({"relations": {"follows": Links([100], [101, 102])}}, r"1 sources, 2"),
        ({"relations": {"hates": Links([100], [101])}}, r"unknown relations: hates"),
        ({"relations": {"uploaded": Links([100, 101], [500, 500])}}, r"one creator"),
        ({"category_ids": [1], "category_parent_ids": [9]}, r"category_parent_ids"),
    ],
)
def test_faulty_input_names_the_field(overrides, message):
    with pytest.raises(SnapshotError, match=message):
        make_snapshot(**overrides)


def test_dense_edges_are_checked_too():
    snapshot = make_snapshot(watched=[(100, 500, 1, 1)])
    e = snapshot.watched
    shifted = Edges(e.source, e.target + 5, e.weight, e.time)
    with pytest.raises(SnapshotError, match="out of range"):
        replace(snapshot, watched=shifted)
