"""Creatures with googly eyes, a stage, cats, floating words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from demo.media.canvas import TAU, Board, Colour, Kit, Painter, ease, mix
from demo.media.fonts import Face, font


def _eye(
    board: Board, x: float, y: float, size: float, look: float, lid: float
) -> None:
    board.disc(x, y, size, (255, 255, 255))
    px, py = x + size * 0.4 * np.cos(look), y + size * 0.4 * np.sin(look)
    board.disc(px, py, size * 0.52, (24, 20, 30))
    board.disc(px - size * 0.16, py - size * 0.18, size * 0.15, (255, 255, 255))
    if lid > 0:
        board.box(
            x - size, y - size, x + size, y - size + 2 * size * lid, (24, 20, 30), size
        )


@dataclass(frozen=True)
class _Creature:
    size: float
    tint: Colour
    eyes: int
    hops: int
    phase: float
    bumps: int
    horns: bool
    mouth: float

    @classmethod
    def born(
        cls, rng: np.random.Generator, colour: Callable[[float], Colour], crowded: bool
    ) -> _Creature:
        return cls(
            size=rng.uniform(0.13, 0.19) * (0.85 if crowded else 1.1),
            tint=colour(float(rng.choice([0.12, 0.3, 0.42, 0.55]))),
            eyes=int(rng.choice([1, 2, 2, 2, 3])),
            hops=int(rng.integers(3, 7)),
            phase=rng.random(),
            bumps=int(rng.integers(0, 9)),
            horns=bool(rng.random() < 0.5),
            mouth=rng.uniform(0.3, 1.0),
        )


def monsters(kit: Kit, *, ties: bool = False) -> Painter:
    """Round creatures hop, squash and look about; at the office they wear ties."""
    rng, colour = kit.rng, kit.palette.at
    stage = kit.board(kit.sky([colour(0.8), colour(0.98)]))
    rays = 18
    for k in range(0, rays, 2):
        a, b = TAU * k / rays, TAU * (k + 1) / rays
        tip = np.array([kit.aspect / 2, 0.9])
        ray = [
            tip,
            tip + 2 * np.array([np.cos(a), np.sin(a)]),
            tip + 2 * np.array([np.cos(b), np.sin(b)]),
        ]
        stage.polygon(np.array(ray), mix(colour(0.8), colour(0.95), 0.3))
    stage.box(-0.1, 0.83, kit.aspect + 0.1, 1.1, colour(0.66))
    count = int(rng.integers(3, 6))
    xs = np.linspace(0.32, kit.aspect - 0.32, count)
    cast = [_Creature.born(rng, colour, crowded=count == 5) for _ in range(count)]
    around = np.linspace(0, TAU, 50, endpoint=False)

    def paint(u: float) -> Image.Image:
        board = kit.board(stage.image)
        for x, one in zip(xs, cast, strict=True):
            beat = (u * one.hops + one.phase) % 1
            air = abs(np.sin(np.pi * beat))
            squash = 1 - 0.22 * np.exp(-14 * min(beat, 1 - beat)) + 0.08 * air
            r = one.size
            wide, tall = r / np.sqrt(squash), r * squash
            y = 0.86 - tall - 0.24 * air
            under = x + wide * (1 - 0.4 * air) * np.cos(around)
            board.polygon(
                np.stack([under, 0.872 + 0.018 * np.sin(around)], 1), colour(0.5)
            )
            tint = one.tint
            if one.horns:
                for side in (-1, 1):
                    horn = [
                        [x + side * wide * 0.75, y - tall * 0.5],
                        [x + side * wide * 0.7, y - tall * 1.35],
                        [x + side * wide * 0.3, y - tall * 0.85],
                    ]
                    board.polygon(np.array(horn), mix(tint, (255, 255, 255), 0.5))
            fur = 1 + 0.035 * np.sin(around * (8 + one.bumps) + TAU * u)
            body = np.stack(
                [x + wide * fur * np.cos(around), y + tall * fur * np.sin(around)], 1
            )
            board.polygon(body, tint)
            belly = np.stack(
                [
                    x + wide * 0.6 * np.cos(around),
                    y + tall * (0.4 + 0.5 * np.sin(around)),
                ],
                1,
            )
            board.polygon(belly, mix(tint, (255, 255, 255), 0.22))
            lid = 1.0 if (u * 3 + one.phase) % 1 > 0.93 else 0.0
            look = TAU * (u + one.phase)
            eyes = one.eyes
            for k in range(eyes):
                off = (k - (eyes - 1) / 2) * r * 0.56
                _eye(
                    board,
                    x + off,
                    y - tall * 0.28,
                    r * (0.36 if eyes == 1 else 0.25),
                    look,
                    lid,
                )
            gape = r * 0.16 * (0.3 + one.mouth * air)
            lips = np.stack(
                [x + r * 0.3 * np.cos(around), y + tall * 0.32 + gape * np.sin(around)],
                1,
            )
            board.polygon(lips, (60, 16, 32))
            board.box(
                x - r * 0.1,
                y + tall * 0.32 - gape,
                x + r * 0.1,
                y + tall * 0.32 - gape * 0.4,
                (255, 255, 255),
            )
            if ties:
                knot = y + tall * 0.62
                sway = 0.02 * np.sin(TAU * beat)
                tie = [
                    [x - 0.02, knot],
                    [x + 0.02, knot],
                    [x + 0.034 + sway, knot + 0.1],
                    [x + sway, knot + 0.14],
                    [x - 0.034 + sway, knot + 0.1],
                ]
                board.polygon(np.array(tie), colour(0.02))
                board.box(
                    x - 0.025, knot - 0.02, x + 0.025, knot + 0.014, colour(0.2), 0.006
                )
        return board.picture()

    return paint


def stage(kit: Kit) -> Painter:
    """An empty stage, a microphone, and spotlights looking for the comedian."""
    rng, colour = kit.rng, kit.palette.at
    wall = kit.board(colour(0.15))
    pitch, brick = 0.055, 0.15
    for row in range(15):
        for column in range(-1, int(kit.aspect / brick) + 2):
            left = column * brick + (row % 2) * brick / 2
            tone = mix(colour(0.3), colour(0.5), rng.random())
            wall.box(
                left,
                row * pitch,
                left + brick - 0.006,
                (row + 1) * pitch - 0.006,
                tone,
                0.004,
            )
    wall.box(-0.1, 0.8, kit.aspect + 0.1, 1.1, colour(0.05))
    wall.box(-0.1, 0.8, kit.aspect + 0.1, 0.81, colour(0.3))
    cx = kit.aspect / 2
    beams = [(0.15, 0.0), (kit.aspect - 0.15, 0.35), (cx, 0.7)]
    sign_inks = [colour(0.95), colour(0.75)]
    bulbs = [(x, 0.045) for x in np.linspace(0.1, kit.aspect - 0.1, 24)]
    lamp = kit.glow(0.05, (255, 220, 150))
    steel = (206, 210, 220)
    bricks = wall.picture()
    black = Image.new("RGB", bricks.size, mix(colour(0.0), (0, 0, 0), 0.5))

    def paint(u: float) -> Image.Image:
        # Light is soft: a mask of a quarter of the board's resolution will do.
        size = kit.width // 2, kit.height // 2
        dark = Image.new("L", size, 75)
        s = wall.scale / 4
        for origin, phase in beams:
            aim = cx + 0.42 * np.sin(TAU * (u + phase)) * np.cos(np.pi * phase)
            cone = [
                (origin - 0.02) * s,
                0,
                (origin + 0.02) * s,
                0,
                (aim + 0.24) * s,
                0.9 * s,
                (aim - 0.24) * s,
                0.9 * s,
            ]
            layer = Image.new("L", size)
            draw = ImageDraw.Draw(layer)
            draw.polygon(cone, fill=95)
            pool = (aim - 0.24) * s, 0.84 * s, (aim + 0.24) * s, 0.96 * s
            draw.ellipse(pool, fill=150)
            dark.paste(255, (0, 0), layer)
        dark = dark.resize(bricks.size, Image.Resampling.BILINEAR)
        board = kit.board(Image.composite(bricks, black, dark))
        board.line(np.array([[cx, 0.9], [cx, 0.42]]), 0.014, steel)
        board.box(cx - 0.1, 0.885, cx + 0.1, 0.905, steel, 0.01)
        tilt = 0.25 + 0.05 * np.sin(TAU * u)
        head = np.array([cx - 0.07 * np.cos(tilt), 0.42 - 0.12 * np.sin(tilt) - 0.05])
        board.line(np.stack([np.array([cx, 0.42]), head]), 0.035, (40, 42, 50))
        board.spot(head, 0.045, (120, 124, 134))
        board.spot(head + [-0.012, -0.014], 0.026, (176, 180, 190))
        board.box(
            head[0] - 0.02,
            head[1] + 0.024,
            head[0] + 0.045,
            head[1] + 0.036,
            sign_inks[0],
        )
        for number, (x, y) in enumerate(bulbs):
            on = (number + int(u * 24)) % 3 == 0
            board.disc(x, y, 0.014, sign_inks[0] if on else colour(0.3))
            if on:
                board.add(lamp, x, y)
        return board.picture()

    return paint


def cats(kit: Kit) -> Painter:
    """Cats on a fence in front of the moon; tails swing, eyes follow a moth."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.15), colour(0.45), colour(0.85)], glow=0.2)
    moon_x, moon_y = rng.uniform(0.5, 0.62) * kit.aspect, 0.42
    back = kit.board(sky)
    back.add(kit.glow(0.55, mix((0, 0, 0), colour(1.0), 0.5), 2), moon_x, moon_y)
    back.disc(moon_x, moon_y, 0.25, mix(colour(1.0), (255, 255, 245), 0.5))
    dark = colour(0.0)
    count = int(rng.integers(2, 5))
    xs = np.linspace(0.36, kit.aspect - 0.36, count) + rng.uniform(-0.06, 0.06, count)
    sizes = rng.uniform(0.75, 1.2, count)
    phases = rng.random((count, 2))
    fence = np.arange(-0.02, kit.aspect + 0.1, 0.115)
    fence_tops = 0.79 + rng.uniform(-0.012, 0.012, len(fence))
    t = np.linspace(0, 1, 14)
    glimmer = kit.glow(0.045, mix((0, 0, 0), colour(1.0), 0.7))

    def paint(u: float) -> Image.Image:
        board = kit.board(back.image)
        moth = np.array(
            [kit.aspect / 2 + 0.55 * np.sin(TAU * u), 0.3 + 0.12 * np.sin(TAU * u * 3)]
        )
        for x, size, (a, b) in zip(xs, sizes, phases, strict=True):
            foot = 0.79
            swing = 0.5 * np.sin(TAU * (u * 2 + a))
            tail_x = x + size * (0.09 + 0.1 * np.sin(t * 2.4) + 0.09 * swing * t**2)
            tail_y = (
                foot
                - 0.02
                + size * (0.24 * t - 0.1 * swing * t**2) * (1 if b > 0.4 else 0.6)
            )
            board.line(np.stack([tail_x, tail_y], 1), 0.026 * size, dark)
            board.disc(tail_x[-1], tail_y[-1], 0.013 * size, dark)
            body = np.stack(
                [
                    x + 0.105 * size * np.cos(np.linspace(0, TAU, 40)),
                    foot - 0.09 * size + 0.13 * size * np.sin(np.linspace(0, TAU, 40)),
                ],
                1,
            )
            board.polygon(body, dark)
            lean = 0.02 * np.clip((moth[0] - x) * 2, -1, 1)
            hx, hy = x + lean, foot - 0.25 * size
            board.disc(hx, hy, 0.078 * size, dark)
            twitch = 0.01 * np.sin(TAU * u * 5 + a * 9) * (np.sin(TAU * (u + b)) > 0.6)
            for side in (-1, 1):
                ear = [
                    [hx + side * 0.074 * size, hy - 0.02 * size],
                    [hx + side * (0.066 + twitch) * size, hy - 0.125 * size],
                    [hx + side * 0.016 * size, hy - 0.066 * size],
                ]
                board.polygon(np.array(ear), dark)
            open_ = 0.0 if (u * 4 + a) % 1 > 0.94 else 1.0
            look = np.arctan2(moth[1] - hy, moth[0] - hx)
            for side in (-1, 1):
                ex, ey = hx + side * 0.03 * size, hy - 0.008 * size
                if open_:
                    board.disc(ex, ey, 0.019 * size, colour(0.95))
                    board.disc(
                        ex + 0.008 * size * np.cos(look),
                        ey + 0.008 * size * np.sin(look),
                        0.009 * size,
                        dark,
                    )
                else:
                    board.box(
                        ex - 0.018 * size,
                        ey - 0.002,
                        ex + 0.018 * size,
                        ey + 0.004,
                        colour(0.8),
                    )
        for left, top in zip(fence, fence_tops, strict=True):
            picket = [
                [left, 1.1],
                [left, top + 0.03],
                [left + 0.042, top],
                [left + 0.085, top + 0.03],
                [left + 0.085, 1.1],
            ]
            board.polygon(np.array(picket), dark)
        board.box(-0.1, 0.86, kit.aspect + 0.1, 0.9, dark)
        flap = abs(np.sin(TAU * u * 20))
        board.add(glimmer, *moth)
        for side in (-1, 1):
            wing = moth + np.array(
                [[0, 0], [side * 0.03 * flap, -0.022], [side * 0.024 * flap, 0.014]]
            )
            board.polygon(wing, (255, 255, 240))
        return board.picture()

    return paint


def words(kit: Kit) -> Painter:
    """Speech bubbles with the letters of many languages rise and answer each other."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.2), colour(0.5), colour(0.3)])
    texts = [
        "ñ",
        "ß",
        "å",
        "é",
        "ø",
        "ç",
        "ü",
        "æ",
        "ô",
        "¿?",
        "¡ola!",
        "oui!",
        "hej",
        "ciao",
        "olá",
        "grüß",
        "así",
        "être",
        "þ",
        "moi",
        "ja",
    ]
    chosen = rng.permutation(texts)[:13]
    bubbles = []
    for number, text in enumerate(chosen):
        depth = 0.45 + 0.55 * number / 13
        face = font(round(0.13 * depth * kit.height * 2), weight=750)
        width = face.getlength(str(text)) / (kit.height * 2) + 0.11 * depth
        light = bool(rng.random() < 0.55)
        side = 1 if rng.random() < 0.5 else -1
        sprite = _bubble(
            kit, str(text), face, depth, max(width, 0.2 * depth), light, side
        )
        bubbles.append((sprite, rng.random(), rng.random()))

    def paint(u: float) -> Image.Image:
        board = kit.board(sky)
        for sprite, a, b in bubbles:
            x = a * (kit.aspect - 0.3) + 0.15 + 0.04 * np.sin(TAU * (u + b))
            board.stamp(sprite, x, (b - u) % 1 * 1.5 - 0.25)
        return board.picture()

    return paint


def _bubble(
    kit: Kit, text: str, face: Face, depth: float, width: float, light: bool, side: int
) -> Image.Image:
    """A speech bubble as a sprite, paler the farther it is."""
    colour = kit.palette.at
    tall = 0.2 * depth
    fill = mix((255, 255, 255), colour(1.0), 0.25) if light else colour(0.05)
    tone = mix(colour(0.4), fill, 0.35 + 0.65 * depth)
    ink = mix(tone, colour(0.08) if light else colour(0.95), 0.2 + 0.8 * ease(depth))
    board = kit.sprite(width + 0.02, tall * 2)
    x, y = width / 2 + 0.01, tall
    tip = [
        [x + side * width * 0.18, y],
        [x + side * width * 0.36, y],
        [x + side * width * 0.42, y + tall * 0.78],
    ]
    board.polygon(np.array(tip), tone)
    board.box(
        x - width / 2, y - tall / 2, x + width / 2, y + tall / 2, tone, 0.08 * depth
    )
    at = x * board.scale, (y - 0.004) * board.scale
    board.draw.text(at, text, fill=ink, font=face, anchor="mm")
    return board.image
