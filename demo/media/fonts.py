"""The typeface of thumbnails: the site's own Inter, or Pillow's where it is absent."""

from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

INTER = (
    Path(__file__).resolve().parents[2]
    / "node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"
)

Face = ImageFont.FreeTypeFont | ImageFont.ImageFont


@lru_cache(maxsize=128)
def font(size: int, weight: int = 700) -> Face:
    """Inter at `size` pixels and `weight` 100..900.

    Pillow's built-in face (one weight) is used before the front-end packages are
    installed, and where Pillow's FreeType reads no WOFF2.
    """
    try:
        face = ImageFont.truetype(INTER, size)
        face.set_variation_by_axes([weight])
    except OSError:
        return ImageFont.load_default(size)
    return face
