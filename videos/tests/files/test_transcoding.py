"""Converting real files into what browsers can play."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from PIL import Image

from videos.files.probing import probe
from videos.files.transcoding import ffmpeg, make_playable
from videos.tests.clips import make_clip


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("old.avi", ("-c:v", "mpeg4", "-c:a", "mp3")),
        ("matroska.mkv", ("-pix_fmt", "yuv420p")),
        ("deep.mp4", ("-pix_fmt", "yuv420p10le")),
        ("late.mp4", ("-pix_fmt", "yuv420p")),
        ("stream.ts", ("-c:v", "mpeg2video", "-c:a", "mp2")),
    ],
)
def test_other_forms_become_playable(tmp_path: Path, name: str, options) -> None:
    source = make_clip(tmp_path / name, *options)
    before = probe(source)
    assert not (before.playable and before.fast_start)
    make_playable(source, tmp_path / "out.mp4", before)
    after = probe(tmp_path / "out.mp4")
    assert after.playable
    assert after.fast_start
    assert after.duration == pytest.approx(before.duration, abs=0.3)


def test_recorded_in_a_browser_without_length_it_becomes_seekable(
    tmp_path: Path,
) -> None:
    source = make_clip(
        tmp_path / "live.webm", "-c:v", "libvpx", "-c:a", "libopus", "-live", "1"
    )
    facts = probe(source)
    assert facts.duration == pytest.approx(2, abs=0.2)
    assert facts.playable
    assert not facts.servable
    make_playable(source, tmp_path / "out.mp4", facts)
    assert probe(tmp_path / "out.mp4").servable


def test_where_it_was_filmed_is_not_passed_on(tmp_path: Path) -> None:
    options = ("-pix_fmt", "yuv420p", "-movflags", "+faststart")
    place = ("-metadata", "location=+48.8577+002.295/")
    source = make_clip(tmp_path / "phone.mp4", *options, *place)
    facts = probe(source)
    assert facts.located
    assert not facts.servable
    make_playable(source, tmp_path / "out.mp4", facts)
    assert probe(tmp_path / "out.mp4").servable


def test_cover_picture_is_not_taken_for_the_video(tmp_path: Path) -> None:
    make_clip(tmp_path / "clip.mkv", "-pix_fmt", "yuv420p")
    Image.new("RGB", (64, 64), "red").save(tmp_path / "cover.jpg")
    source = tmp_path / "covered.mp4"
    files = ("-i", tmp_path / "cover.jpg", "-i", tmp_path / "clip.mkv")
    maps = ("-map", "0", "-map", "1:v", "-c", "copy", "-disposition:0", "attached_pic")
    command = [ffmpeg(), "-v", "error", *files, *maps, source]
    subprocess.run(command, check=True)
    facts = probe(source)
    assert (facts.width, facts.height) == (160, 90)
    make_playable(source, tmp_path / "out.mp4", facts)
    assert probe(tmp_path / "out.mp4").width == 160


def test_odd_sides_are_made_even(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "odd.avi", "-c:v", "mpeg4", size="161x91")
    make_playable(source, tmp_path / "out.mp4", probe(source))
    after = probe(tmp_path / "out.mp4")
    assert after.width % 2 == after.height % 2 == 0
