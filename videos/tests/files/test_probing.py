"""Probing, thumbnails and conversion, on real files."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import av
import pytest
from PIL import Image

from videos.files import media
from videos.tests.clips import REAL, make_clip, needs_real_clips


def test_facts_of_a_clip(tmp_path: Path) -> None:
    facts = media.probe(make_clip(tmp_path / "clip.mp4"))
    assert facts.duration == pytest.approx(2, abs=0.15)
    assert (facts.width, facts.height) == (160, 90)
    assert (facts.video_codec, facts.audio_codec) == ("h264", "aac")
    assert facts.playable
    assert facts.fast_start


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
    before = media.probe(source)
    assert not (before.playable and before.fast_start)
    media.make_playable(source, tmp_path / "out.mp4", before)
    after = media.probe(tmp_path / "out.mp4")
    assert after.playable
    assert after.fast_start
    assert after.duration == pytest.approx(before.duration, abs=0.3)


def test_recorded_in_a_browser_without_length_it_becomes_seekable(
    tmp_path: Path,
) -> None:
    source = make_clip(
        tmp_path / "live.webm", "-c:v", "libvpx", "-c:a", "libopus", "-live", "1"
    )
    facts = media.probe(source)
    assert facts.duration == pytest.approx(2, abs=0.2)
    assert facts.playable
    assert not facts.servable
    media.make_playable(source, tmp_path / "out.mp4", facts)
    assert media.probe(tmp_path / "out.mp4").servable


def test_where_it_was_filmed_is_not_passed_on(tmp_path: Path) -> None:
    options = ("-pix_fmt", "yuv420p", "-movflags", "+faststart")
    place = ("-metadata", "location=+48.8577+002.295/")
    source = make_clip(tmp_path / "phone.mp4", *options, *place)
    facts = media.probe(source)
    assert facts.located
    assert not facts.servable
    media.make_playable(source, tmp_path / "out.mp4", facts)
    assert media.probe(tmp_path / "out.mp4").servable


def test_cover_picture_is_not_taken_for_the_video(tmp_path: Path) -> None:
    make_clip(tmp_path / "clip.mkv", "-pix_fmt", "yuv420p")
    Image.new("RGB", (64, 64), "red").save(tmp_path / "cover.jpg")
    source = tmp_path / "covered.mp4"
    files = ("-i", tmp_path / "cover.jpg", "-i", tmp_path / "clip.mkv")
    maps = ("-map", "0", "-map", "1:v", "-c", "copy", "-disposition:0", "attached_pic")
    command = [media.ffmpeg(), "-v", "error", *files, *maps, source]
    subprocess.run(command, check=True)
    facts = media.probe(source)
    assert (facts.width, facts.height) == (160, 90)
    media.make_playable(source, tmp_path / "out.mp4", facts)
    assert media.probe(tmp_path / "out.mp4").width == 160


def test_odd_sides_are_made_even(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "odd.avi", "-c:v", "mpeg4", size="161x91")
    media.make_playable(source, tmp_path / "out.mp4", media.probe(source))
    after = media.probe(tmp_path / "out.mp4")
    assert after.width % 2 == after.height % 2 == 0


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
    facts = media.probe(turned)
    assert (facts.width, facts.height) == (90, 160)
    picture = Image.open(io.BytesIO(media.thumbnail(turned, facts)))
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
    with pytest.raises(media.BadVideo):
        media.probe(path)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "sound.mp4", "-vn")
    with pytest.raises(media.BadVideo, match="no pictures"):
        media.probe(path)


def test_longer_than_allowed_is_refused(tmp_path: Path, settings) -> None:
    settings.VIDEO_MAX_SECONDS = 1
    with pytest.raises(media.BadVideo, match="longer than"):
        media.probe(make_clip(tmp_path / "clip.mp4"))


def test_thumbnail_is_not_the_black_beginning(tmp_path: Path) -> None:
    path = make_clip(
        tmp_path / "fade.mp4",
        *("-vf", "fade=in:st=0:d=1.2", "-pix_fmt", "yuv420p"),
        seconds=3,
    )
    picture = Image.open(io.BytesIO(media.thumbnail(path, media.probe(path))))
    assert picture.size == (160, 90)
    low, high = picture.convert("L").getextrema()
    assert high - low > 60


@needs_real_clips
@pytest.mark.parametrize("name", sorted(p.name for p in REAL.glob("*")))
def test_clips_of_other_encoders(name: str) -> None:
    facts = media.probe(REAL / name)
    assert facts.playable
    assert 5 < facts.duration < 41
    Image.open(io.BytesIO(media.thumbnail(REAL / name, facts))).verify()
