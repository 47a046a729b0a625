"""Generated profile pictures and banners: cheap, seeded, and each one different."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

from demo.media.canvas import TAU, Palette, mix
from demo.media.fonts import font
from demo.media.scenes.looks import LOOKS, PALETTES


def avatar(name: str, seed: int) -> Image.Image:
    """RGB 256x256: initials over rings, petals or waves in one palette."""
    rng = np.random.default_rng(seed)
    palette = _palette(rng)
    size = 512
    image = Image.new("RGB", (size, size), palette.at(0.25))
    draw = ImageDraw.Draw(image)
    kind = int(rng.integers(3))
    for step in range(7, 0, -1):
        ink = mix(palette.at(0.25), palette.at(0.2 + 0.1 * step), 0.55)
        if kind == 0:
            x, y = rng.uniform(0.1, 0.9, 2) * size
            reach = size * 0.09 * step
            draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=ink)
        elif kind == 1:
            turn, reach = TAU * step / 7 + rng.random(), size * 0.3
            x, y = size / 2 + reach * np.cos(turn), size / 2 + reach * np.sin(turn)
            draw.ellipse((x - 130, y - 130, x + 130, y + 130), fill=ink)
        else:
            across = np.linspace(0, size, 40)
            down = size * (1 - step / 8) + 34 * np.sin(across / 70 + rng.random() * 6)
            points = [*zip(across, down, strict=True), (size, size), (0, size)]
            draw.polygon([(float(x), float(y)) for x, y in points], fill=ink)
    words = [word for word in name.split() if word[0].isalnum() and word[-1] != "."]
    initials = "".join(word[0] for word in (words or [name])[:2]).upper()
    face = font(210 if len(initials) > 1 else 260, 700)
    centre = size / 2, size / 2
    draw.text(centre, initials, font=face, fill=(255, 255, 255), anchor="mm")
    return image.reduce(2)


def banner(look: str, seed: int) -> Image.Image:
    """RGB 1280x320: a scene of `look`."""
    picture = LOOKS[look].painter(seed, 640, 160)(0.37)
    return picture.resize((1280, 320), Image.Resampling.BICUBIC)


def _palette(rng: np.random.Generator) -> Palette:
    names = sorted(set(PALETTES) - {"mono", "pitch", "turf"})
    return PALETTES[str(rng.choice(names))].turned(rng.uniform(-20, 20))
