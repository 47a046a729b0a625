"""Probing real files."""

from __future__ import annotations

import io
from pathlib import Path

import av
import pytest
from PIL import Image

from videos.files.probing import BadVideo, probe
from videos.files.thumbnails import make_thumbnail
from videos.tests.clips import REAL, make_clip, needs_real_clips


def test_facts_of_a_clip(tmp_path: Path) -> None:
    facts = probe(make_clip(tmp_path / "clip.mp4"))
    assert facts.duration == pytest.approx(2, abs=0.15)
    assert (facts.width, facts.height) == (160, 90)
    assert (facts.video_codec, facts.audio_codec) == ("h264", "aac")
    assert facts.playable
    assert facts.fast_start


def test_rotation_of_a_phone_is_applied(tmp_path: Path) -> None:
    flat = make_clip(tmp_path / "flat.mp4")
    turned = tmp_path / "turned.mp4"
    with av.open(str(flat)) as source, av.open(str(turned), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        stream.set_display_rotation(90) if hasattr(
            stream, "set_display_rotation"
        ) else None
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    with av.open(str(turned)) as container:
        if not next(container.decode(video=0)).rotation:
            pytest.skip("this PyAV cannot write a rotation")
    facts = probe(turned)
    assert (facts.width, facts.height) == (90, 160)
    picture = Image.open(io.BytesIO(make_thumbnail(turned, facts)))
    assert picture.width < picture.height


def broken(folder: Path) -> dict[str, bytes]:
    clip = make_clip(folder / "good.mp4").read_bytes()
    picture = io.BytesIO()
    Image.new("RGB", (64, 64)).save(picture, "JPEG")
    secret = folder / "secret.txt"
    secret.write_text("secret")
    playlist = f"#EXTM3U\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n"
    return {
        "empty": b"",
        "noise": bytes(range(256)) * 40,
        "cut off": clip[:2000],
        "picture": picture.getvalue(),
        "playlist": playlist.encode(),
        "concat script": f"ffconcat version 1.0\nfile {folder / 'good.mp4'}\n".encode(),
    }


@pytest.mark.parametrize(
    "kind", ["empty", "noise", "cut off", "picture", "playlist", "concat script"]
)
def test_what_is_no_video_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "upload.mp4"
    path.write_bytes(broken(tmp_path)[kind])
    with pytest.raises(BadVideo):
        probe(path)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "sound.mp4", "-vn")
    with pytest.raises(BadVideo, match="only sound"):
        probe(path)


def test_longer_than_allowed_is_refused(tmp_path: Path, settings) -> None:
    settings.VIDEO_MAX_SECONDS = 1
    with pytest.raises(BadVideo, match="longer than"):
        probe(make_clip(tmp_path / "clip.mp4"))


@needs_real_clips
@pytest.mark.parametrize("name", sorted(p.name for p in REAL.glob("*")))
def test_clips_of_other_encoders(name: str) -> None:
    facts = probe(REAL / name)
    assert facts.playable
    assert 5 < facts.duration < 41
    Image.open(io.BytesIO(make_thumbnail(REAL / name, facts))).verify()
