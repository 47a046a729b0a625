"""What is uploaded looks afterwards as a viewer with colour management shows it."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from accounts.colour import matrix_profile, to_srgb
from accounts.images import decode
from accounts.tests.pictures import grey_profile, ink_profile, png, upload

ADOBE_RGB = (0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
ADOBE_GAMMA = 256 / 563
SIZE = (16, 16)


def shown(picture, at=(8, 8)) -> tuple[int, ...]:
    """The pixel of a picture, or of an upload."""
    if isinstance(picture, SimpleUploadedFile):
        picture = decode(picture, (512, 512))
    else:
        picture = to_srgb(picture)
    assert picture.mode == "RGB"
    return picture.getpixel(at)


def near(*expected: int, by: int = 2):
    return pytest.approx(expected, abs=by)


def adobe_rgb(colour, image_format, mode="RGB", **save):
    profile = matrix_profile(gamma=ADOBE_GAMMA, chromaticity=ADOBE_RGB)
    picture = Image.new(mode, SIZE, colour)
    return upload(picture, image_format, icc_profile=profile, **save)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize(
    ("stored", "expected"),
    [((219, 0, 0), (255, 0, 0)), ((144, 255, 60), (0, 255, 0))],
)
def test_an_embedded_profile_is_applied(image_format, stored, expected):
    # The numbers are those of Adobe RGB (1998) for the primaries of sRGB.
    lossless = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}
    picture = adobe_rgb(stored, image_format, **lossless.get(image_format, {}))
    assert shown(picture) == near(*expected, by=8)


def test_alpha_is_laid_on_white_after_the_profile():
    picture = adobe_rgb((219, 0, 0, 128), "PNG", mode="RGBA")
    assert shown(picture) == near(255, 127, 127)


def test_a_png_without_profile_has_its_gamma_and_primaries():
    primaries = struct.pack(">8I", *(round(v * 100_000) for v in ADOBE_RGB))
    gamma = struct.pack(">I", round(ADOBE_GAMMA * 100_000))
    row = bytes((219, 0, 0)) * 16

    def picture(**chunks):
        return png(SIZE, depth=8, colour_type=2, row=row, **chunks)

    assert shown(picture(gAMA=gamma, cHRM=primaries)) == near(255, 0, 0)
    # An sRGB chunk comes before both.
    marked = picture(sRGB=b"\0", gAMA=gamma, cHRM=primaries)
    assert shown(marked) == (219, 0, 0)
    assert shown(picture(cHRM=primaries)) == (219, 0, 0)
    assert shown(picture(gAMA=struct.pack(">I", 45455))) == (219, 0, 0)
    nonsense = picture(gAMA=bytes(4), cHRM=bytes(32))
    assert shown(nonsense) == (219, 0, 0)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
def test_grey_has_profiles_too(image_format):
    grey = Image.new("L", SIZE, 55)
    linear = upload(grey, image_format, icc_profile=grey_profile())
    assert shown(linear) == near(128, 128, 128)
    display = matrix_profile(gamma=1.0, chromaticity=ADOBE_RGB)
    assert shown(upload(grey, image_format, icc_profile=display)) == near(128, 128, 128)


def test_grey_stored_in_three_channels_has_its_profile():
    row = struct.pack(">2H", 55 * 257, 65535) * 16  # Pillow gives RGBA for this depth
    assert shown(png(SIZE, depth=16, colour_type=4, row=row)) == near(55, 55, 55)
    tagged = Image.new("RGB", SIZE, (55, 55, 55))
    tagged.info["icc_profile"] = grey_profile()
    assert shown(tagged) == near(128, 128, 128)


def test_inks_have_their_profile():
    picture = Image.new("CMYK", SIZE, (255, 0, 0, 0))
    printed = upload(picture, "JPEG", icc_profile=ink_profile(), quality=100)
    assert shown(printed) == near(255, 0, 0, by=4)
    assert shown(upload(picture, "JPEG", quality=100)) == near(0, 255, 255)


def test_inks_as_adobe_stores_them():
    # Adobe's marker ends with 2 for YCCK, whose Y, Cb and Cr are of the inks, here
    # magenta and yellow: 179, 171 and 0. Pillow writes 255 less each value.
    stored = upload(Image.new("CMYK", SIZE, (76, 84, 255, 0)), "JPEG", quality=100)
    content = bytearray(stored.read())
    marker = content.index(b"Adobe")
    content[marker + 11] = 2
    assert shown(SimpleUploadedFile("a.jpg", bytes(content))) == near(255, 0, 0)


@pytest.mark.parametrize(
    "profile",
    [b"no profile", ink_profile(), grey_profile(), ink_profile()[:200], b"\0" * 200],
    ids=["junk", "of inks", "of grey", "cut", "zeros"],
)
def test_a_profile_that_does_not_fit_is_ignored(profile):
    picture = upload(Image.new("RGB", SIZE, (200, 30, 90)), "PNG", icc_profile=profile)
    assert shown(picture) == (200, 30, 90)


@pytest.mark.parametrize("level", [0, 1, 127, 128, 254, 255])
def test_grey_of_16_bits(level):
    deep = upload(Image.fromarray(np.full(SIZE, level * 257, "u2")), "PNG")
    assert shown(deep) == (level,) * 3


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 90, (90, 90, 90)),
        ("LA", (0, 51), (204, 204, 204)),
        ("La", (0, 51), (204, 204, 204)),
        ("I;16", 90 * 257, (90, 90, 90)),
        ("I;16B", 90 * 257, (90, 90, 90)),
        ("I", 90 * 257, (90, 90, 90)),
        ("I", -5, (0, 0, 0)),
        ("F", 90.0, (90, 90, 90)),
        ("RGB", (1, 2, 3), (1, 2, 3)),
        ("RGBX", (1, 2, 3, 9), (1, 2, 3)),
        ("RGBA", (255, 0, 0, 51), (255, 204, 204)),
        ("RGBa", (51, 0, 0, 51), (255, 204, 204)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
        ("CMYK", (0, 0, 0, 255), (0, 0, 0)),
        ("YCbCr", (76, 85, 255), (254, 0, 0)),
        ("HSV", (85, 255, 255), (0, 255, 0)),
        ("LAB", (138, 128 + 81, 128 + 70), (255, 0, 0)),
    ],
)
def test_every_mode(mode, colour, expected):
    rounded = 6 if mode == "LAB" else 2  # its steps are larger than those of sRGB
    assert shown(Image.new(mode, SIZE, colour)) == near(*expected, by=rounded)


def palette(alpha: bytes | int | None) -> SimpleUploadedFile:
    picture = Image.new("P", SIZE, 1)
    picture.putpalette([0, 0, 255, 255, 0, 0])
    more = {} if alpha is None else {"transparency": alpha}
    return upload(picture, "PNG", **more)


@pytest.mark.parametrize(
    ("alpha", "expected"),
    [
        (None, (255, 0, 0)),
        (0, (255, 0, 0)),
        (1, (255, 255, 255)),
        (bytes((255, 51)), (255, 204, 204)),
    ],
)
def test_palettes_with_transparency(alpha, expected):
    assert shown(palette(alpha)) == near(*expected)


@pytest.mark.parametrize(
    ("depth", "colour_type", "row", "clear"),
    [
        (1, 0, b"\xf0\xf0", struct.pack(">H", 0)),
        (2, 0, b"\xff\xff\x55\x55", struct.pack(">H", 1)),
        (4, 0, b"\xff" * 4 + b"\x55" * 4, struct.pack(">H", 5)),
        (8, 0, b"\xff" * 8 + b"\x55" * 8, struct.pack(">H", 0x55)),
        (16, 0, b"\xff" * 16 + b"\x12\x34" * 8, struct.pack(">H", 0x1234)),
        (8, 2, b"\xff" * 24 + b"\x12" * 24, struct.pack(">3H", *[0x12] * 3)),
        (16, 2, b"\xff" * 48 + b"\x12\x34" * 24, struct.pack(">3H", *[0x1234] * 3)),
    ],
)
def test_one_transparent_colour_at_every_depth(depth, colour_type, row, clear):
    """It is white where it was dark, and what is like it elsewhere is not."""
    solid = png(SIZE, depth=depth, colour_type=colour_type, row=row)
    assert max(shown(solid, at=(15, 8))) < 100
    picture = png(SIZE, depth=depth, colour_type=colour_type, row=row, tRNS=clear)
    assert shown(picture, at=(15, 8)) == (255, 255, 255)


def test_16_bits_differ_from_a_transparent_neighbour():
    row = struct.pack(">2H", 1000, 1001) * 8
    clear = struct.pack(">H", 1000)
    picture = png(SIZE, depth=16, colour_type=0, row=row, tRNS=clear)
    assert shown(picture, at=(0, 0)) == (255, 255, 255)
    assert shown(picture, at=(1, 0)) == (4, 4, 4)


@pytest.mark.parametrize("image_format", ["GIF", "PNG", "WEBP", "AVIF"])
def test_an_animation_is_its_first_frame(image_format):
    frames = [Image.new("RGB", SIZE, colour) for colour in ("red", "blue", "lime")]
    moving = upload(frames[0], image_format, save_all=True, append_images=frames[1:])
    assert shown(moving) == near(255, 0, 0, by=6)


def test_several_pictures_of_one_camera_file_are_the_first():
    frames = [Image.new("RGB", SIZE, colour) for colour in ("red", "blue")]
    pair = upload(frames[0], "MPO", save_all=True, append_images=frames[1:])
    assert shown(pair) == near(255, 0, 0, by=6)


def test_a_gif_is_clear_outside_of_its_first_frame():
    content = bytearray(upload(Image.new("P", (8, 8), 0), "GIF").read())
    content[6:10] = struct.pack("<HH", 16, 16)  # of the screen
    partial = SimpleUploadedFile("a.gif", bytes(content))
    assert shown(partial, at=(12, 12)) == (255, 255, 255)
    assert shown(partial, at=(4, 4)) == (0, 0, 0)


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "AVIF"])
@pytest.mark.parametrize(
    ("orientation", "corner"),
    [
        *((1, (0, 0)), (2, (1, 0)), (3, (1, 1)), (4, (0, 1))),
        *((5, (0, 0)), (6, (1, 0)), (7, (1, 1)), (8, (0, 1))),
    ],
)
def test_all_orientations(image_format, orientation, corner):
    """Where the top left corner of the stored picture, the only dark one, goes."""
    picture = Image.new("RGB", (64, 32), "white")
    picture.paste("black", (0, 0, 32, 16))
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = decode(upload(picture, image_format, exif=exif), (512, 512))
    width, height = turned.size
    assert (width, height) == ((64, 32) if orientation < 5 else (32, 64))
    dark = {
        (x, y)
        for x in (0, 1)
        for y in (0, 1)
        if max(turned.getpixel((width * (2 * x + 1) // 4, height * (2 * y + 1) // 4)))
        < 100
    }
    assert dark == {corner}


@pytest.mark.parametrize("image_format", ["PNG", "WEBP"])
def test_broken_notes_of_a_camera_are_ignored(image_format):
    picture = upload(Image.new("RGB", SIZE, "red"), image_format, exif=b"garbage")
    assert shown(picture) == near(255, 0, 0)


def test_nothing_of_the_file_goes_with_the_pixels():
    picture = decode(adobe_rgb((219, 0, 0), "PNG"), (512, 512))
    assert picture.info == {}
    output = io.BytesIO()
    picture.save(output, "JPEG")
    assert "icc_profile" not in Image.open(output).info
