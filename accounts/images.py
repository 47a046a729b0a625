"""Uploaded pictures: checked by their content and always encoded again."""

from __future__ import annotations

import io
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.base import ContentFile
from django.template.defaultfilters import filesizeformat
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
QUALITY = 85


def clean_image(
    upload: File[bytes], *, max_size: tuple[int, int], crop: bool
) -> ContentFile[bytes]:
    """`upload` as a new JPEG of at most `max_size` (width, height) pixels.

    With `crop` it is cropped around its centre to the aspect ratio of `max_size`. The
    orientation of the camera is applied, metadata and trailing data are dropped,
    transparency becomes white, and an animation becomes its first frame. Pictures are
    not enlarged.

    Raises `ValidationError`, with a message for the uploader, if the file exceeds
    `IMAGE_MAX_BYTES` or `IMAGE_MAX_PIXELS` or is not a complete picture in `FORMATS`.
    """
    if upload.size > settings.IMAGE_MAX_BYTES:
        limit = filesizeformat(settings.IMAGE_MAX_BYTES)
        raise ValidationError(f"The picture is larger than {limit}.", code="too_large")
    try:
        picture = _decode(upload, max_size)
        picture = _resized(_opaque(picture), max_size, crop=crop)
    except ValidationError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except Exception as error:  # decoders raise many types for broken files
        raise ValidationError(
            "This is not a picture that we can read: use JPEG, PNG, WebP or GIF.",
            code="unreadable",
        ) from error
    picture.info.clear()  # or comments and profiles would be written again
    output = io.BytesIO()
    picture.save(output, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    return ContentFile(output.getvalue(), name="picture.jpg")


def _too_many_pixels() -> ValidationError:
    limit = settings.IMAGE_MAX_PIXELS // 1_000_000
    return ValidationError(
        f"The picture has more than {limit} megapixels.", code="too_many_pixels"
    )


def _decode(upload: File[bytes], max_size: tuple[int, int]) -> Image.Image:
    upload.seek(0)
    picture = Image.open(upload, formats=FORMATS)
    # The header gives the size: a decompression bomb is rejected before decoding.
    if picture.width * picture.height > settings.IMAGE_MAX_PIXELS:
        raise _too_many_pixels()
    # JPEGs can be decoded at 1/2, 1/4 or 1/8 if that is at least `max_size`.
    picture.draft("RGB", (max(max_size), max(max_size)))
    picture.load()
    return ImageOps.exif_transpose(picture)


def _opaque(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    background = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(background, picture.convert("RGBA")).convert("RGB")


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

    widget = forms.ClearableFileInput(attrs={"accept": "image/*"})

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
