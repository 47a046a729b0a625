from __future__ import annotations

import io

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from PIL import Image

from accounts.images import ACCEPT, PictureField, clean_image
from accounts.tests.pictures import make_picture, png_claiming, upload

SQUARE = (512, 512)


def opened(cleaned) -> Image.Image:
    return Image.open(io.BytesIO(cleaned.read()))


def colour(image: Image.Image, x: int, y: int) -> tuple[int, ...]:
    pixel = image.getpixel((x, y))
    assert isinstance(pixel, tuple)
    return pixel


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_every_format_becomes_a_jpeg_whatever_the_name(image_format):
    picture = make_picture(image_format=image_format, name="../../evil.php")
    cleaned = clean_image(picture, max_size=SQUARE, crop=True)
    assert cleaned.name == "picture.jpg"
    assert opened(cleaned).format == "JPEG"


@pytest.mark.parametrize(
    ("size", "max_size", "crop", "expected"),
    [
        ((2000, 1000), (512, 512), True, (512, 512)),
        ((2000, 1000), (512, 512), False, (512, 256)),
        ((300, 200), (512, 512), True, (200, 200)),
        ((300, 200), (512, 512), False, (300, 200)),
        ((3000, 3000), (1600, 400), True, (1600, 400)),
        ((1, 1), (1600, 400), True, (1, 1)),
    ],
)
def test_size_is_bounded_and_never_enlarged(size, max_size, crop, expected):
    cleaned = clean_image(make_picture(size), max_size=max_size, crop=crop)
    assert opened(cleaned).size == expected


def test_crop_keeps_the_centre():
    image = Image.new("RGB", (300, 100), "red")
    image.paste("blue", (100, 0, 200, 100))
    cleaned = opened(clean_image(upload(image, "PNG"), max_size=SQUARE, crop=True))
    assert cleaned.size == (100, 100)
    red, _green, blue = colour(cleaned, 50, 50)
    assert blue > 200
    assert red < 50


def test_orientation_is_applied_and_metadata_dropped():
    image = Image.new("RGB", (200, 100), "red")
    image.paste("blue", (0, 0, 100, 100))
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: show it rotated by 90 degrees clockwise
    exif[0x010F] = "A camera maker"
    exif.get_ifd(0x8825)[1] = "N"
    picture = upload(image, "JPEG", exif=exif, comment=b"secret")

    cleaned = opened(clean_image(picture, max_size=SQUARE, crop=False))

    assert cleaned.size == (100, 200)
    assert colour(cleaned, 50, 20)[2] > 200  # what was left is now on top
    assert not cleaned.getexif()
    assert "comment" not in cleaned.info


def test_transparency_becomes_white():
    picture = make_picture(image_format="PNG", mode="RGBA", colour=(0, 0, 0, 0))
    cleaned = opened(clean_image(picture, max_size=SQUARE, crop=True))
    assert min(colour(cleaned, 10, 10)) > 250


def test_what_follows_the_picture_is_left_behind():
    picture = make_picture()
    polyglot = SimpleUploadedFile("a.jpg", picture.read() + b"<script>1</script>")
    assert b"script" not in clean_image(polyglot, max_size=SQUARE, crop=True).read()


def test_field_and_refusal_name_the_formats_that_are_read():
    types = PictureField(max_size=SQUARE).widget.attrs["accept"].split(",")
    with pytest.raises(ValidationError) as refusal:
        clean_image(make_picture(image_format="BMP"), max_size=SQUARE, crop=True)
    names = refusal.value.message.partition(": use ")[2].rstrip(".")
    offered = names.replace(" or ", ", ").lower().split(", ")
    assert [f"image/{name}" for name in offered] == types
    for name in offered:
        picture = make_picture(image_format=name.upper())
        assert clean_image(picture, max_size=SQUARE, crop=True).size


def test_the_page_offers_them_too():
    class Form(forms.Form):
        picture = PictureField(max_size=SQUARE)

    page = render_to_string(
        "accounts/picture_field.html", {"field": Form()["picture"], "picture": ""}
    )
    assert f'accept="{ACCEPT}"' in page
    assert "image/*" not in page


def truncated(image_format: str) -> SimpleUploadedFile:
    content = make_picture((800, 800), image_format=image_format).read()
    return SimpleUploadedFile("half.png", content[: len(content) // 2])


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    "hostile",
    [
        SimpleUploadedFile("picture.svg", SVG),
        SimpleUploadedFile("picture.png", SVG),
        SimpleUploadedFile("picture.jpg", b"MZ\x90\x00 not a picture"),
        SimpleUploadedFile("picture.jpg", b"\xff\xd8\xff\xe0"),
        SimpleUploadedFile("empty.jpg", b""),
        make_picture(image_format="BMP"),
        make_picture(image_format="TIFF"),
        truncated("JPEG"),
        truncated("PNG"),
        truncated("WEBP"),
        truncated("AVIF"),
        png_claiming(2000, 2000),
    ],
    ids=[
        *("svg", "svg as png", "exe", "header", "empty", "bmp", "tiff"),
        *("half jpeg", "half png", "half webp", "half avif", "short data"),
    ],
)
def test_what_is_no_picture_is_refused(hostile):
    with pytest.raises(ValidationError, match="not a picture"):
        clean_image(hostile, max_size=SQUARE, crop=True)


@pytest.mark.parametrize("side", [8_000, 12_000, 60_000])
def test_bombs_are_refused_before_they_are_unpacked(side):
    with pytest.raises(ValidationError, match="40 megapixels"):
        clean_image(png_claiming(side, side), max_size=SQUARE, crop=True)


def test_large_files_are_refused(settings):
    settings.IMAGE_MAX_BYTES = 1000
    with pytest.raises(ValidationError, match="larger than"):
        clean_image(make_picture((2000, 2000)), max_size=SQUARE, crop=True)
