"""Demo clips are real, moving, playable videos; each category has its own look."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image

from demo.media.clips import Clip, EncodingError, make_clip
from demo.media.music import RATE, STYLES, compose
from demo.media.scenes.looks import LOOKS, PALETTES
from videos.catalog import CATALOG

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


def test_every_category_has_a_look_with_its_palettes_and_tune():
    assert set(LOOKS) == {
        child.slug for parent in CATALOG for child in parent.categories
    }
    for look in LOOKS.values():
        assert set(look.palettes) <= set(PALETTES)
        assert look.tune in STYLES


@pytest.mark.parametrize("slug", sorted(LOOKS))
def test_scene_moves_repeats_and_looks_the_same_for_the_same_seed(slug):
    look = LOOKS[slug]
    painter, again = look.painter(5, 160, 90), look.painter(5, 160, 90)
    first = np.asarray(painter(0.1), dtype=int)
    assert first.shape == (90, 160, 3)
    assert np.array_equal(first, np.asarray(again(0.1)))
    others = [np.asarray(painter(u), dtype=int) for u in (0.3, 0.55, 0.8)]
    moved = [abs(b - a).mean() for a, b in pairwise([first, *others])]
    assert min(moved) > 0.2, "a still picture"
    assert first.std() > 5, "an empty picture"
    stranger = np.asarray(look.painter(6, 160, 90)(0.1), dtype=int)
    assert abs(first - stranger).mean() > 1


def test_clip_plays_with_picture_and_sound(tmp_path: Path):
    video, thumbnail = tmp_path / "clip.mp4", tmp_path / "clip.jpg"
    clip = Clip(look="oceans", seed=3, seconds=7.5, hook="First light")
    make_clip(clip, video, thumbnail, FFMPEG)

    with av.open(str(video)) as container:
        assert container.duration / av.time_base == pytest.approx(7.5, abs=0.15)
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert stream.codec_context.pix_fmt == "yuv420p"
        assert container.streams.audio[0].codec_context.name == "aac"
        frames = [f.to_ndarray(format="gray") for f in container.decode(stream)]
    assert len(frames) == round(7.5 * LOOKS["oceans"].rate)
    assert abs(frames[0].astype(int) - frames[25]).mean() > 1
    # Faststart: the index comes before the data, so that playback starts at once.
    data = video.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")

    with Image.open(thumbnail) as image:
        assert (image.format, image.size) == ("JPEG", (640, 360))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["clip.jpg", "clip.mp4"]


def test_failing_encoder_leaves_nothing_behind(tmp_path: Path):
    clip = Clip(look="oceans", seed=3, seconds=6)
    with pytest.raises(EncodingError):
        make_clip(clip, tmp_path / "clip.mp4", tmp_path / "clip.jpg", "/bin/false")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("style", sorted(STYLES))
def test_tune_is_audible_seeded_and_as_long_as_asked(style):
    tune = compose(style, 1, 6.0)
    assert len(tune) == 6 * RATE
    assert np.array_equal(tune, compose(style, 1, 6.0))
    assert not np.array_equal(tune, compose(style, 2, 6.0))
    level = np.abs(tune[RATE : 5 * RATE].astype(float))
    assert level.mean() > 300
    assert level.max() <= 32767 * 0.98  # no clipping
