"""Uploaded pictures: checked by their content and always encoded again."""

from __future__ import annotations

import io
import struct
from contextlib import suppress
from typing import IO, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.base import ContentFile
from django.template.defaultfilters import filesizeformat
from PIL import Image, ImageFile, ImageOps, features

from accounts.colour import to_srgb

# Pillow's names of the formats that can be uploaded, their types and their names.
FORMATS = {
    "JPEG": ("image/jpeg", "JPEG"),
    "PNG": ("image/png", "PNG"),
    "WEBP": ("image/webp", "WebP"),
    "GIF": ("image/gif", "GIF"),
}
if features.check("avif"):
    FORMATS["AVIF"] = ("image/avif", "AVIF")
ACCEPT = ",".join(mime for mime, _ in FORMATS.values())  # of a file input
*_FIRST, _LAST = (name for _, name in FORMATS.values())
FORMAT_NAMES = f"{', '.join(_FIRST)} or {_LAST}"
# A PNG gives its transparent colour in its own depth, and Pillow pixels in 8 bits.
TRANSPARENT_LEVELS = {"L;2": 85, "L;4": 17, "RGB;16B": 1 / 256}
QUALITY = 85


def clean_image(
    upload: File[bytes], *, max_size: tuple[int, int], crop: bool
) -> ContentFile[bytes]:
    """`upload` as a new JPEG of at most `max_size` (width, height) pixels.

    With `crop` it is cropped around its centre to the aspect ratio of `max_size`.
    Metadata and trailing data are dropped. Pictures are not enlarged.

    Raises `ValidationError`, with a message for the uploader, if the file exceeds
    `IMAGE_MAX_BYTES` or `IMAGE_MAX_PIXELS` or is not a complete picture in `FORMATS`.
    """
    if upload.size > settings.IMAGE_MAX_BYTES:
        limit = filesizeformat(settings.IMAGE_MAX_BYTES)
        raise ValidationError(f"The picture is larger than {limit}.", code="too_large")
    try:
        picture = _resized(decode(upload, max_size), max_size, crop=crop)
    except ValidationError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except Exception as error:  # decoders raise many types for broken files
        raise ValidationError(
            f"This is not a picture that we can read: use {FORMAT_NAMES}.",
            code="unreadable",
        ) from error
    output = io.BytesIO()
    picture.save(output, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return ContentFile(output.getvalue(), name="picture.jpg")


def _too_many_pixels() -> ValidationError:
    limit = settings.IMAGE_MAX_PIXELS // 1_000_000
    return ValidationError(
        f"The picture has more than {limit} megapixels.", code="too_many_pixels"
    )


def decode(upload: IO[bytes] | File[bytes], max_size: tuple[int, int]) -> Image.Image:
    """A picture as viewers show it: mode RGB in sRGB, on white, and upright.

    An animation becomes its first frame. A JPEG may be decoded smaller, but not smaller
    than `max_size`. The result has no metadata.

    Raises `ValidationError` for more than `IMAGE_MAX_PIXELS`, and what decoders raise
    for broken files.
    """
    upload.seek(0)
    picture = Image.open(upload, formats=list(FORMATS))
    # The header gives the size: a decompression bomb is rejected before decoding.
    if picture.width * picture.height > settings.IMAGE_MAX_PIXELS:
        raise _too_many_pixels()
    _scale_transparent_colour(picture)
    # JPEGs can be decoded at 1/2, 1/4 or 1/8 if that is at least `max_size`.
    picture.draft("RGB", (max(max_size), max(max_size)))
    picture.load()
    shown = _on_whole_screen(picture)
    _turn_upright(shown)
    colours = to_srgb(shown)
    colours.info.clear()  # or comments and profiles would be written again
    return colours


def _on_whole_screen(picture: Image.Image) -> Image.Image:
    """A GIF's frame may cover a part of its screen; the rest is transparent."""
    box = getattr(picture, "dispose_extent", None)
    if box in (None, (0, 0, *picture.size)):
        return picture
    screen = Image.new("RGBA", picture.size)
    screen.paste(picture.convert("RGBA").crop(box), box)
    return screen


def _turn_upright(picture: Image.Image) -> None:
    """As the camera noted. Viewers ignore notes that they cannot read."""
    with suppress(SyntaxError, ValueError, struct.error, UserWarning):
        ImageOps.exif_transpose(picture, in_place=True)


def _scale_transparent_colour(picture: ImageFile.ImageFile) -> None:
    """To the depth of the pixels; must be called before these are loaded."""
    colour = picture.info.get("transparency")
    scale = TRANSPARENT_LEVELS.get(str(picture.tile[0].args) if picture.tile else "")
    if picture.format == "PNG" and colour is not None and scale:
        is_grey = isinstance(colour, int)
        levels = [int(level * scale) for level in ([colour] if is_grey else colour)]
        picture.info["transparency"] = levels[0] if is_grey else tuple(levels)


def _resized(
    picture: Image.Image, max_size: tuple[int, int], *, crop: bool
) -> Image.Image:
    if not crop:
        picture.thumbnail(max_size, Image.Resampling.LANCZOS)
        return picture
    width, height = max_size
    scale = min(1, picture.width / width, picture.height / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return ImageOps.fit(picture, size, Image.Resampling.LANCZOS)


class PictureField(forms.FileField):
    """A form field for pictures, cleaned by `clean_image`."""

    widget = forms.ClearableFileInput(attrs={"accept": ACCEPT})

    def __init__(
        self, *, max_size: tuple[int, int], crop: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.max_size = max_size
        self.crop = crop

    def clean(self, data: Any, initial: Any = None) -> Any:
        """A new picture, `initial` when none was sent, or False when it was cleared."""
        cleaned = super().clean(data, initial)
        if cleaned and cleaned is not initial:
            return clean_image(cleaned, max_size=self.max_size, crop=self.crop)
        return cleaned
