"""Ridges, seas and rainy forests."""

import numpy as np
from PIL import Image

from demo.media.canvas import TAU, Board, Kit, Painter, circle, hills, mix


def ridges(kit: Kit, *, layers: int = 6, birds: bool = True) -> Painter:
    """Mountain layers that slide past a low sun, paler with distance."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.25), colour(0.6), colour(0.95)], glow=0.25)
    sun_x, sun_y = rng.uniform(0.4, kit.aspect - 0.4), rng.uniform(0.26, 0.42)
    dawn = kit.board(sky)
    dawn.add(kit.glow(0.5, mix(colour(0.8), (255, 255, 255), 0.3), 2.6), sun_x, sun_y)
    dawn.disc(sun_x, sun_y, 0.085, colour(1))
    # Each layer repeats after two screen widths and slides a whole period a loop.
    x = np.linspace(0, 1, 160)
    period = kit.aspect * 2
    shapes = []
    for layer in range(layers):
        near = layer / (layers - 1)
        height = hills(rng, x, 0.52, 5) * (0.14 - 0.05 * near)
        shape = 0.45 + 0.46 * near + height
        tone = mix(colour(0.72), colour(0.02), near**0.75)
        shapes.append((shape, tone, round(1 + near * 1.2)))
    flock = rng.uniform((0.1, 0.12), (0.55, 0.35), (7, 2))

    def paint(u: float) -> Image.Image:
        board = kit.board(dawn.image)
        for number, (shape, tone, laps) in enumerate(shapes):
            if birds and number == layers // 2:
                _flock(board, flock, u, colour(0.05), kit.aspect)
            shift = int((u * laps % 1) * len(x))
            line = np.concatenate([shape[shift:], shape[:shift]])
            width = np.linspace(0, period, len(x))
            seen = width < kit.aspect + 0.05
            points = np.stack([width[seen], line[seen]], 1)
            foot = [[points[-1, 0], 1.1], [0, 1.1]]
            board.polygon(np.concatenate([points, foot]), tone)
        return board.picture()

    return paint


def _flock(
    board: Board,
    flock: np.ndarray,
    u: float,
    colour: tuple[int, int, int],
    aspect: float,
) -> None:
    for number, (x, y) in enumerate(flock):
        at = (x + u * (aspect + 0.6)) % (aspect + 0.6) - 0.3
        flap = 0.012 * np.sin(TAU * (u * 9 + number / 7))
        span = 0.022
        wing = [[at - span, y - flap], [at, y], [at + span, y - flap]]
        board.line(np.array(wing), 0.005, colour)


def sea(kit: Kit, *, island: bool = False) -> Painter:
    """Layered waves under a sun or moon, with a glittering path of light."""
    rng, colour = kit.rng, kit.palette.at
    horizon = 0.44
    sky = kit.sky([colour(0.3), colour(0.65), colour(1.0), colour(0.6)])
    sun_x = rng.uniform(0.35, 0.65) * kit.aspect
    far = kit.board(sky)
    shine = kit.glow(0.55, mix(colour(0.85), (255, 255, 255), 0.25), 2.4)
    far.add(shine, sun_x, horizon - 0.08)
    far.disc(sun_x, horizon - 0.08, 0.1, mix(colour(1), (255, 255, 255), 0.4))
    x = np.linspace(-0.05, kit.aspect + 0.05, 64)
    waves = []
    count = 8
    for layer in range(count):
        near = layer / (count - 1)
        waves.append(
            (
                horizon + 0.02 + 0.5 * near**1.5,
                0.004 + 0.028 * near,
                2 * np.pi * rng.uniform(0.9, 1.3) / (0.16 + 0.5 * near),
                rng.random() * TAU,
                int(rng.choice([-1, 1])) * int(rng.integers(1, 3)),
                mix(colour(0.66), colour(0.06), near**0.7),
            )
        )
    glints = rng.random((50, 3))
    land = _island(kit, horizon) if island else None

    def paint(u: float) -> Image.Image:
        board = kit.board(far.image)
        if land:
            land(board, u)
        for level, size, wave, phase, laps, tone in waves:
            swell = np.sin(wave * x + phase + TAU * u * laps)
            chop = 0.3 * np.sin(2.3 * wave * x - phase - TAU * u * laps)
            bob = 0.5 * size * np.sin(TAU * u + phase)
            y = level + bob - size * (swell + chop)
            points = np.stack([x, y], 1)
            foot = [[x[-1], 1.1], [x[0], 1.1]]
            board.polygon(np.concatenate([points, foot]), tone)
            board.line(points, 0.0035, mix(tone, colour(1), 0.35))
        for a, b, c in glints:
            depth = b**1.6
            blink = np.sin(TAU * (u * (1 + int(c * 3)) + c * 9))
            if blink > 0.1:
                gx = sun_x + (a - 0.5) * (0.12 + 0.5 * depth)
                gy = horizon + 0.03 + depth * 0.5
                length = (0.01 + 0.035 * depth) * blink
                spark = mix(colour(0.6), (255, 255, 255), 0.7 * blink)
                glint = np.array([[gx - length, gy], [gx + length, gy]])
                board.line(glint, 0.006, spark)
        return board.picture()

    return paint


def _island(kit: Kit, horizon: float):  # type: ignore[no-untyped-def]
    """A dune with two palms that bend in the wind."""
    side = kit.rng.choice([0.25, 0.75]) * kit.aspect
    dark = kit.palette.at(0.03)
    x = np.linspace(-0.42, 0.42, 40)
    dune = np.stack([side + x, horizon + 0.05 - 0.07 * np.exp(-((x / 0.2) ** 2))], 1)
    palms = [(-0.04, 0.34, -0.07), (0.07, 0.24, 0.09)]

    def draw(board: Board, u: float) -> None:
        board.polygon(dune, dark)
        for offset, height, lean in palms:
            t = np.linspace(0, 1, 10)
            sway = lean + 0.012 * np.sin(TAU * (u + offset))
            stem_x = side + offset + sway * t**2
            stem_y = horizon - height * t
            board.line(np.stack([stem_x, stem_y], 1), 0.013, dark)
            for leaf in range(7):
                angle = np.pi * (0.05 + leaf * 0.15) + 0.05 * np.sin(TAU * u * 2 + leaf)
                reach = 0.12
                lx = stem_x[-1] - reach * np.cos(angle) * t
                rise = 0.07 * np.sin(angle) * t
                ly = stem_y[-1] - rise + 0.09 * t**2.2
                board.line(np.stack([lx, ly], 1), 0.011, dark)

    return draw


def rain(kit: Kit, *, fireflies: bool = False) -> Painter:
    """Trunks in fog, in parallax, with rain or with fireflies."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.35), colour(0.62), colour(0.78), colour(0.3)], glow=0.15)
    planes = []
    for depth in range(4):
        near = depth / 3
        period = kit.aspect + 0.4
        count = 13 - depth * 3
        at = (np.arange(count) + rng.uniform(-0.3, 0.3, count)) * period / count
        girth = rng.uniform(0.012, 0.024, count) * (0.7 + 2.4 * near)
        lean = rng.uniform(-0.03, 0.03, count)
        planes.append((at, girth, lean, mix(colour(0.55), colour(0.0), near**0.6)))
    drops = rng.random((90, 3))
    light = kit.glow(0.05, mix(colour(1), (255, 240, 160), 0.6), 2.0)
    period = kit.aspect + 0.4

    def trunks(board: Board, plane: int, u: float) -> None:
        at, girth, lean, tone = planes[plane]
        shift = u * period * (plane > 1)  # the far ones stand still
        for x, width, slope in zip(at, girth, lean, strict=True):
            left = (x - shift) % period - 0.2
            trunk = [
                [left - width * 1.5, 1.05],
                [left - width * 0.7 + slope, -0.05],
                [left + width * 0.7 + slope, -0.05],
                [left + width * 1.5, 1.05],
            ]
            board.polygon(np.array(trunk), tone)
            for branch in range(2):
                y = 0.16 + 0.25 * branch + slope * 3
                reach = width * (4 - branch) * (1 if (branch + plane) % 2 else -1)
                limb = [[left, y + 0.09], [left + reach, y], [left, y + 0.06]]
                board.polygon(np.array(limb), tone)

    back = kit.board(sky)
    for plane in (0, 1):
        trunks(back, plane, 0)
    ground = circle(kit.aspect / 2, 1.9, 1.0, 60)
    ground[:, 0] = (ground[:, 0] - kit.aspect / 2) * 2.2 + kit.aspect / 2

    def paint(u: float) -> Image.Image:
        board = kit.board(back.image)
        for plane in (2, 3):
            trunks(board, plane, u)
        board.polygon(ground, colour(0.0))
        if fireflies:
            _fireflies(board, kit, drops[:34], light, u)
        else:
            _drops(board, kit, drops, u)
        return board.picture()

    return paint


def _fireflies(
    board: Board, kit: Kit, places: np.ndarray, light: Image.Image, u: float
) -> None:
    for number, (a, b, c) in enumerate(places):
        x = a * kit.aspect + 0.07 * np.sin(TAU * (u + c))
        y = 0.3 + 0.6 * b + 0.05 * np.sin(TAU * (2 * u + a))
        if np.sin(TAU * (u * (1 + number % 3) + c)) > -0.2:
            board.add(light, x, y)
            board.disc(x, y, 0.005, (255, 250, 210))


def _drops(board: Board, kit: Kit, drops: np.ndarray, u: float) -> None:
    pale = mix(kit.palette.at(0.7), (255, 255, 255), 0.35)
    for a, b, c in drops:
        speed = 3 + int(c * 4)
        y = (b + u * speed) % 1 * 1.2 - 0.1
        x = a * (kit.aspect + 0.2) - 0.05 * y
        streak = [[x, y], [x - 0.006 - 0.004 * c, y + 0.05 + 0.06 * c]]
        board.line(np.array(streak), 0.002 + 0.002 * c, pale)
