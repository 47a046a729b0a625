import json

import numpy as np
import pytest

from recommender.ml.store import artifact
from recommender.ml.store.artifact import Artifact, ArtifactError, Manifest

MANIFEST = Manifest(
    model="popularity", config={"a": 1}, data_hash="abc", snapshot_taken_at=1.5
)


@pytest.fixture
def folder(tmp_path):
    artifact.write(
        tmp_path / "run",
        MANIFEST,
        arrays={"vectors": np.arange(6.0).reshape(2, 3), "none": np.empty((0, 3))},
        documents={"words": {"piano": 1}},
        files={"index.faiss": lambda path: path.write_bytes(b"index")},
    )
    return tmp_path / "run"


def test_what_was_written_is_read(folder):
    opened = Artifact(folder)
    assert isinstance(opened.array("vectors").base, np.memmap)
    np.testing.assert_array_equal(opened.array("vectors"), [[0, 1, 2], [3, 4, 5]])
    assert opened.array("none").shape == (0, 3)
    assert opened.document("words") == {"piano": 1}
    assert opened.path("index.faiss").read_bytes() == b"index"
    assert opened.manifest.config == {"a": 1}
    assert opened.manifest.data_hash == "abc"
    assert set(opened.manifest.versions) >= {"python", "numpy", "torch"}
    assert set(opened.manifest.checksums) == {
        "vectors.npy",
        "none.npy",
        "words.json",
        "index.faiss",
    }


@pytest.mark.parametrize("name", ["vectors.npy", "words.json", "index.faiss"])
def test_a_missing_or_altered_file_is_named(folder, name):
    path = folder / name
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"?")
    with pytest.raises(ArtifactError, match=f"{name} is damaged"):
        Artifact(folder)
    path.unlink()
    with pytest.raises(ArtifactError, match=f"{name} is missing"):
        Artifact(folder)


def test_unverified_files_still_fail_clearly(folder):
    (folder / "vectors.npy").write_bytes(b"\x93NUMPY")
    (folder / "words.json").write_bytes(b"{")
    opened = Artifact(folder, verify=False)
    with pytest.raises(ArtifactError, match="not a readable array"):
        opened.array("vectors")
    with pytest.raises(ArtifactError, match="not readable JSON"):
        opened.document("words")
    with pytest.raises(ArtifactError, match="missing from the run"):
        opened.array("other")


def test_manifest_faults(folder, tmp_path):
    with pytest.raises(ArtifactError, match="no trained run"):
        Artifact(tmp_path / "nowhere")
    path = folder / "manifest.json"
    values = json.loads(path.read_text())
    path.write_text(json.dumps(values | {"format": 99}))
    with pytest.raises(ArtifactError, match="format 99"):
        Artifact(folder)
    path.write_text(json.dumps(values | {"surprise": 1}))
    with pytest.raises(ArtifactError, match="not a readable manifest"):
        Artifact(folder)
    path.write_text("{")
    with pytest.raises(ArtifactError, match="not a readable manifest"):
        Artifact(folder)


def test_a_failed_write_leaves_nothing(tmp_path):
    def fail(path):
        path.write_bytes(b"half")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        artifact.write(
            tmp_path / "run",
            MANIFEST,
            arrays={"a": np.ones(3)},
            documents={},
            files={"index.faiss": fail},
        )
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_never_overwritten(folder):
    before = (folder / "manifest.json").read_bytes()
    with pytest.raises(FileExistsError):
        artifact.write(folder, MANIFEST, arrays={}, documents={}, files={})
    assert (folder / "manifest.json").read_bytes() == before


def test_pickled_objects_are_not_written(tmp_path):
    objects = np.array([{"a": 1}], dtype=object)
    with pytest.raises(ValueError, match="Object arrays"):
        artifact.write(
            tmp_path / "run",
            MANIFEST,
            arrays={"a": objects},
            documents={},
            files={},
        )
