"""Thumbnails: the best moment of a scene, some with a few words set on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from demo.media.canvas import Colour, mix
from demo.media.fonts import font
from demo.media.scenes.looks import Look

WIDTH, HEIGHT = 640, 360


def render(look: Look, seed: int, moment: float, hook: str) -> Image.Image:
    """RGB 640x360 of the scene at phase `moment`; the seed picks the layout too."""
    picture = look.painter(seed, WIDTH, HEIGHT)(moment)
    if hook:
        LAYOUTS[seed // 7 % len(LAYOUTS)](picture, hook, accent(picture))
    return picture


def liveliness(picture: Image.Image) -> float:
    """How much there is to see: contrast and colour, in 0..2 or so."""
    pixels = np.asarray(picture.reduce(4), dtype=np.float32) / 255
    saturation = pixels.max(2) - pixels.min(2)
    return float(pixels.std() + 0.5 * saturation.mean())


def accent(picture: Image.Image) -> Colour:
    """The picture's most saturated colour of its bright ones, for the lettering."""
    pixels = np.asarray(picture.resize((40, 22)), dtype=np.float32).reshape(-1, 3)
    score = (pixels.max(1) - pixels.min(1)) + 0.6 * pixels.max(1)
    red, green, blue = (int(c) for c in pixels[int(score.argmax())])
    return mix((red, green, blue), (255, 255, 255), 0.15)


def _lines(hook: str, most: int) -> list[str]:
    """Break into at most two lines of about equal length."""
    words = hook.split()
    if len(hook) <= most or len(words) == 1:
        return [hook]
    cuts = range(1, len(words))
    best = min(cuts, key=lambda k: abs(len(" ".join(words[:k])) * 2 - len(hook)))
    return [" ".join(words[:best]), " ".join(words[best:])]


def _fit(lines: list[str], width: int, largest: int, weight: int) -> int:
    """The largest size at which every line fits."""
    widest = max(font(100, weight).getlength(line) for line in lines)
    return max(22, min(largest, int(width / widest * 100)))


def _shade(picture: Image.Image, box: tuple[int, int, int, int], side: str) -> None:
    """Darken from one side, so that light letters are readable on any picture."""
    left, top, right, bottom = box
    size = right - left, bottom - top
    ramp = np.linspace(0, 1, size[1] if side in "tb" else size[0]) ** 1.3 * 205
    if side in "tl":
        ramp = ramp[::-1]
    grid = ramp[:, None] if side in "tb" else ramp[None, :]
    mask = np.broadcast_to(grid, (size[1], size[0])).astype(np.uint8)
    picture.paste((8, 8, 14), box, Image.fromarray(np.ascontiguousarray(mask)))


def _bottom_left(picture: Image.Image, hook: str, tint: Colour) -> None:
    lines = _lines(hook, 16)
    _shade(picture, (0, 130, WIDTH, HEIGHT), "b")
    size = _fit(lines, WIDTH - 60, 66, 800)
    draw, y = ImageDraw.Draw(picture), HEIGHT - 26 - size * 1.08 * len(lines)
    draw.rectangle((30, y - 16, 30 + 64, y - 9), fill=tint)
    for line in lines:
        draw.text((29, y), line, font=font(size, 800), fill=(255, 255, 255))
        y += size * 1.08


def _poster(picture: Image.Image, hook: str, tint: Colour) -> None:
    lines = _lines(hook.upper(), 10)
    picture.paste(Image.blend(picture, Image.new("RGB", picture.size), 0.42), (0, 0))
    size = _fit(lines, WIDTH - 110, 96, 900)
    draw = ImageDraw.Draw(picture)
    y = HEIGHT / 2 - size * 0.52 * (len(lines) - 1)
    for number, line in enumerate(lines):
        ink = tint if number else (255, 255, 255)
        draw.text((WIDTH / 2, y), line, font=font(size, 900), fill=ink, anchor="mm")
        y += size * 1.04


def _label(picture: Image.Image, hook: str, tint: Colour) -> None:
    size = _fit([hook], WIDTH - 150, 44, 750)
    face, draw = font(size, 750), ImageDraw.Draw(picture)
    width = face.getlength(hook)
    box = (26, 28, 26 + width + size * 1.1, 28 + size * 1.75)
    ink: Colour = (18, 18, 26) if sum(tint) > 330 else (255, 255, 255)
    draw.rounded_rectangle(box, radius=size * 0.42, fill=tint)
    at = 26 + size * 0.55, 28 + size * 0.87
    draw.text(at, hook, font=face, fill=ink, anchor="lm")


def _side(picture: Image.Image, hook: str, tint: Colour) -> None:
    lines = hook.split() if len(hook.split()) <= 3 else _lines(hook, 1)
    _shade(picture, (0, 0, 470, HEIGHT), "l")
    size = _fit(lines, 330, 74, 850)
    draw = ImageDraw.Draw(picture)
    y = HEIGHT / 2 - size * 0.53 * len(lines)
    draw.rectangle((26, y + 4, 33, y + size * 1.06 * len(lines)), fill=tint)
    for line in lines:
        draw.text((48, y), line, font=font(size, 850), fill=(255, 255, 255))
        y += size * 1.06


def _quiet(picture: Image.Image, hook: str, tint: Colour) -> None:
    _shade(picture, (0, 210, WIDTH, HEIGHT), "b")
    size = _fit([hook], WIDTH - 120, 40, 500)
    draw = ImageDraw.Draw(picture)
    at = WIDTH / 2, HEIGHT - 44
    draw.text(at, hook, font=font(size, 500), fill=(255, 255, 255), anchor="mm")
    draw.line((WIDTH / 2 - 26, HEIGHT - 80, WIDTH / 2 + 26, HEIGHT - 80), tint, 3)


LAYOUTS: tuple[Callable[[Image.Image, str, Colour], None], ...] = (
    _bottom_left,
    _poster,
    _label,
    _side,
    _quiet,
)
