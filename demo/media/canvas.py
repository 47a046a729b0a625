"""Tools of every demo scene: palettes, shaded fields and an anti-aliased board.

Lengths are in units of the picture's height: y runs from 0 (top) to 1, x from 0 to
`Kit.aspect`, so that a scene looks the same as a clip and as a larger thumbnail.
"""

import colorsys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

Colour = tuple[int, int, int]
Floats = NDArray[np.float32]
#: Draws the loop's picture at phase 0 <= u < 1; phase 1 looks like phase 0 again.
Painter = Callable[[float], Image.Image]

TAU = 2 * np.pi
OVERSAMPLING = 2


def hex_colour(text: str) -> Colour:
    """`"ff8800"` -> `(255, 136, 0)`."""
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def mix(first: Colour, second: Colour, amount: float) -> Colour:
    """Blend in linear light, so that the middle of a gradient is bright."""
    amount = float(amount)  # a numpy scalar would be ten times slower
    rest = 1 - amount
    red, green, blue = (
        round((a**2.2 * rest + b**2.2 * amount) ** (1 / 2.2))
        for a, b in zip(first, second, strict=True)
    )
    return red, green, blue


def ease(u: float) -> float:
    """Smoothstep: starts and stops gently."""
    u = min(max(u, 0.0), 1.0)
    return u * u * (3 - 2 * u)


@dataclass(frozen=True)
class Palette:
    """Five colours from the darkest to the lightest, and the ramp through them."""

    colours: tuple[Colour, ...]

    @classmethod
    def parse(cls, text: str) -> "Palette":
        """`"0b1026 2b2d6e ..."`, dark to light."""
        return cls(tuple(hex_colour(word) for word in text.split()))

    def turned(self, degrees: float) -> "Palette":
        """The same palette with its hues turned: one palette, many relatives."""
        turned = []
        for red, green, blue in self.colours:
            hue, light, chroma = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
            rgb = colorsys.hls_to_rgb((hue + degrees / 360) % 1, light, chroma)
            turned.append(tuple(round(part * 255) for part in rgb))
        return Palette(tuple(turned))  # type: ignore[arg-type]

    def at(self, position: float) -> Colour:
        """Colour at 0 (darkest) .. 1 (lightest)."""
        red, green, blue = self.ramp[round(min(max(position, 0), 1) * 255)]
        return int(red), int(green), int(blue)

    @cached_property
    def ramp(self) -> NDArray[np.uint8]:
        """uint8 (256, 3), interpolated in linear light."""
        stops = (np.array(self.colours) / 255.0) ** 2.2
        where = np.linspace(0, len(stops) - 1, 256)
        channels = [np.interp(where, range(len(stops)), stop) for stop in stops.T]
        return (np.stack(channels, 1) ** (1 / 2.2) * 255).round().astype(np.uint8)


@dataclass(frozen=True)
class Kit:
    """A scene's materials: chance, colours and the size of the picture in pixels."""

    rng: np.random.Generator
    palette: Palette
    width: int
    height: int
    aspect: float = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "aspect", self.width / self.height)

    def grid(self, detail: int) -> tuple[Floats, Floats]:
        """Coordinates x, y of a field with `detail` rows, float32 (rows, columns)."""
        columns = round(detail * self.aspect)
        y, x = np.mgrid[0:detail, 0:columns].astype(np.float32)
        return x / detail, y / detail

    def shade(self, values: Floats, palette: Palette | None = None) -> Image.Image:
        """Colour a field of values 0..1 (any resolution) with the palette's ramp."""
        index = np.clip(values * 255, 0, 255).astype(np.uint8)
        image = Image.fromarray(index)
        if image.size != (self.width, self.height):
            image = image.resize((self.width, self.height), Image.Resampling.BILINEAR)
        image.putpalette((palette or self.palette).ramp.tobytes())
        return image.convert("RGB")

    def sky(self, stops: Sequence[Colour], glow: float = 0.0) -> Image.Image:
        """A vertical gradient at the board's resolution, dithered against banding.

        `glow` brightens the middle of the lower edge, as the sun does below a horizon.
        """
        rows, columns = self.height * OVERSAMPLING, self.width * OVERSAMPLING
        at = np.linspace(0, len(stops) - 1, rows)
        light = (np.array(stops, dtype=float) / 255) ** 2.2
        column = np.stack([np.interp(at, range(len(stops)), c) for c in light.T], 1)
        pixels = (column ** (1 / 2.2) * 255).astype(np.float32)[:, None, :]
        if glow:
            x = np.linspace(-self.aspect / 2, self.aspect / 2, columns)
            y = np.linspace(-1, 0, rows)
            across, down = np.exp(-((x * 1.4) ** 2)), np.exp(-((y * 2) ** 2))
            halo = np.outer(down, across).astype(np.float32)[:, :, None]
            pixels = pixels + (255 - pixels) * halo * np.float32(glow)
        noise = self.rng.random((rows, columns, 1), np.float32)
        return Image.fromarray(np.minimum(pixels + noise, 255).astype(np.uint8))

    def board(self, background: Image.Image | Colour) -> "Board":
        """A fresh board over a colour or over a picture of the board's resolution."""
        return Board(self, background)

    def sprite(self, width: float, height: float) -> "Board":
        """A transparent board to draw a `Board.stamp` on."""
        scale = self.height * OVERSAMPLING
        size = round(width * scale), round(height * scale)
        board = Board.on(Image.new("RGBA", size))
        board.scale = scale
        return board

    def glow(self, radius: float, colour: Colour, power: float = 2.0) -> Image.Image:
        """A soft light to `Board.add`: `colour` in the middle, black at `radius`."""
        half = max(2, round(radius * self.height * OVERSAMPLING))
        small = min(half, 80)  # it is soft: a larger one is enlarged
        y, x = np.mgrid[-small:small, -small:small].astype(np.float32) / small
        strength = np.clip(1 - np.hypot(x, y), 0, 1) ** np.float32(power)
        light = strength[:, :, None] * np.array(colour, np.float32)
        image = Image.fromarray(light.astype(np.uint8))
        return image.resize((half * 2, half * 2), Image.Resampling.BILINEAR)


class Board:
    """Drawing at twice the picture's resolution; `picture` reduces it, anti-aliased."""

    def __init__(self, kit: Kit, background: Image.Image | Colour) -> None:
        self.scale = kit.height * OVERSAMPLING
        size = kit.width * OVERSAMPLING, kit.height * OVERSAMPLING
        if isinstance(background, Image.Image):
            same = background.size == size
            self.image = (
                background.copy()
                if same
                else background.resize(size, Image.Resampling.NEAREST)
            )
        else:
            self.image = Image.new("RGB", size, background)
        self.draw = ImageDraw.Draw(self.image)

    @classmethod
    def on(cls, image: Image.Image) -> "Board":
        """Drawing straight on `image`, in pixels."""
        board = cls.__new__(cls)
        board.scale, board.image, board.draw = 1, image, ImageDraw.Draw(image)
        return board

    def polygon(self, points: NDArray[np.floating], colour: Colour) -> None:
        """Fill a polygon, (n, 2)."""
        self.draw.polygon((points * self.scale).ravel().tolist(), fill=colour)

    def line(self, points: NDArray[np.floating], width: float, colour: Colour) -> None:
        """Stroke a polyline, (n, 2), with round joints."""
        pixels = max(1, round(width * self.scale))
        flat = (points * self.scale).ravel().tolist()
        joint = "curve" if pixels > 6 and len(points) > 2 else None
        self.draw.line(flat, fill=colour, width=pixels, joint=joint)

    def disc(
        self,
        x: float,
        y: float,
        radius: float,
        colour: Colour | None,
        outline: Colour | None = None,
        width: float = 0.0,
    ) -> None:
        """A filled circle, or a ring when `colour` is None."""
        s = self.scale
        box = (x - radius) * s, (y - radius) * s, (x + radius) * s, (y + radius) * s
        pixels = max(1, round(width * s)) if outline else 0
        self.draw.ellipse(box, fill=colour, outline=outline, width=pixels)

    def spot(
        self,
        centre: NDArray[np.floating] | tuple[float, float],
        radius: float,
        colour: Colour | None,
        outline: Colour | None = None,
        width: float = 0.0,
    ) -> None:
        """`disc` about a point."""
        self.disc(float(centre[0]), float(centre[1]), radius, colour, outline, width)

    def box(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        colour: Colour,
        radius: float = 0.0,
    ) -> None:
        """A filled rectangle, with round corners when `radius` is given."""
        s = self.scale
        if right - left < 2 / s or bottom - top < 2 / s:
            return
        corner = min(radius * s, (right - left) * s / 2, (bottom - top) * s / 2)
        box = left * s, top * s, right * s, bottom * s
        self.draw.rounded_rectangle(box, radius=corner, fill=colour)

    def add(self, light: Image.Image, x: float, y: float) -> None:
        """Add a `Kit.glow` centred at (x, y)."""
        left = round(x * self.scale - light.width / 2)
        top = round(y * self.scale - light.height / 2)
        box = left, top, left + light.width, top + light.height
        self.image.paste(ImageChops.add(self.image.crop(box), light), box)

    def stamp(self, sprite: Image.Image, x: float, y: float) -> None:
        """Paste an RGBA sprite centred at (x, y)."""
        left = round(x * self.scale - sprite.width / 2)
        top = round(y * self.scale - sprite.height / 2)
        self.image.paste(sprite, (left, top), sprite)

    def picture(self) -> Image.Image:
        """The finished picture at its own resolution."""
        return self.image.reduce(OVERSAMPLING)


def circle(
    x: float, y: float, radius: NDArray[np.floating] | float, points: int
) -> NDArray[np.floating]:
    """Points (n, 2) round a circle; `radius` may vary along it."""
    angle = np.arange(points) * TAU / points
    return np.stack([x + radius * np.cos(angle), y + radius * np.sin(angle)], 1)


def hills(
    rng: np.random.Generator, x: NDArray[np.floating], roughness: float, octaves: int
) -> NDArray[np.floating]:
    """A ridge line over x with period 1: heights about -1..1, (len(x),)."""
    height = np.zeros_like(x)
    for octave in range(octaves):
        frequency = 2**octave + int(rng.integers(0, 2))
        height += roughness**octave * np.sin(TAU * (frequency * x + rng.random()))
    return height / sum(roughness**octave for octave in range(octaves))
