"""Wool, wood and growing things."""

import numpy as np
from PIL import Image, ImageDraw

from demo.media.canvas import (
    TAU,
    Board,
    Colour,
    Floats,
    Kit,
    Painter,
    circle,
    ease,
    mix,
)


def knitting(kit: Kit) -> Painter:
    """A pattern is knitted stitch by stitch, row after row."""
    rng, colour = kit.rng, kit.palette.at
    columns, rows, repeat = 32, 19, 16
    motif = rng.random((repeat, repeat // 2)) < 0.4
    motif = np.concatenate([motif, motif[:, ::-1]], 1)
    motif = np.concatenate([motif[: repeat // 2], motif[: repeat // 2][::-1]])
    bands = rng.choice([0.95, 0.8, 0.6], repeat)
    wide, tall = kit.aspect / columns, 1 / (rows - 2)
    inks = [colour(0.22), colour(0.95), colour(0.78), colour(0.58)]
    scale = kit.height * 2
    sprites = []
    for ink in inks:
        size = round(wide * scale) + 6, round(tall * scale * 1.75) + 6
        image = Image.new("RGBA", size)
        draw = ImageDraw.Draw(image)
        w, h = size
        for side in (0, 1):
            outer = [(w / 2, h - 2), (w / 2, h * 0.56), (w - 1, 3), (w - 1, h * 0.42)]
            if side == 0:
                outer = [(w - x, y) for x, y in outer]
            draw.polygon(outer, fill=mix(ink, (0, 0, 0), 0.25 if side else 0.1))
            inner = [((x * 0.86) + w * 0.07, y * 0.9 + h * 0.05) for x, y in outer]
            draw.polygon(inner, fill=mix(ink, (255, 255, 255), 0.06 + 0.1 * (1 - side)))
        sprites.append(image)
    ground = mix(colour(0.0), (0, 0, 0), 0.4)
    tile_rows = repeat
    sheet_height = round(tall * scale * (tile_rows + rows))
    sheet = Image.new(
        "RGB", (kit.width * 2, sheet_height), mix(inks[0], (0, 0, 0), 0.45)
    )
    for row in range(tile_rows + rows, -2, -1):
        for column in range(columns):
            on = motif[row % repeat, column % repeat]
            which = 0
            if on:
                which = 1 + int(
                    np.argmin(abs(np.array([0.95, 0.8, 0.6]) - bands[row % repeat]))
                )
            sprite = sprites[which]
            sheet.paste(
                sprite,
                (round(column * wide * scale) - 3, round(row * tall * scale)),
                sprite,
            )
    needle = mix(colour(0.9), (230, 200, 150), 0.5)

    def paint(u: float) -> Image.Image:
        progress = u * repeat
        row, along = int(progress), progress % 1
        top = 3.4 * tall
        shift = round((-row % repeat) * tall * scale)
        board = kit.board(ground)
        visible = sheet.crop((0, shift, sheet.width, shift + sheet.height))
        # Cloth hangs from the needle: the newest row is at the top.
        at = round(top * scale)
        board.image.paste(visible, (0, at))
        edge = along * kit.aspect if row % 2 == 0 else (1 - along) * kit.aspect
        left, right = (edge, kit.aspect) if row % 2 == 0 else (0, edge)
        board.box(left, 0, right, top + tall, ground)
        board.box(0, 0, kit.aspect, top, ground)
        for column in range(columns):
            x = (column + 0.5) * wide
            board.disc(
                x, top - 0.004, wide * 0.36, None, inks[0 if column % 3 else 2], 0.012
            )
        lift = 0.02 * np.sin(TAU * u * repeat)
        board.line(
            np.array([[-0.1, top + 0.01], [kit.aspect + 0.1, top - 0.01]]),
            0.022,
            needle,
        )
        tip = np.array([edge, top - 0.01])
        board.line(np.stack([tip + [0.34, -0.26 + lift], tip]), 0.022, needle)
        board.spot(tip + [0.34, -0.26 + lift], 0.022, colour(0.7))
        t = np.linspace(0, 1, 20)
        yarn_y = tip[1] - 0.13 * np.sin(np.pi * t) - 0.12 * t
        board.line(np.stack([tip[0] - 0.5 * t, yarn_y], 1), 0.011, inks[2])
        return board.picture()

    return paint


def timber(kit: Kit) -> Painter:
    """The rings of a trunk, with light that moves over the polished grain."""
    rng = kit.rng
    x, y = kit.grid(150)
    cx, cy = rng.uniform(0.25, 0.75) * kit.aspect, rng.uniform(0.2, 1.1)
    dx, dy = x - np.float32(cx), y - np.float32(cy)
    angle = np.arctan2(dy, dx)
    radius: Floats = np.hypot(dx, dy * np.float32(rng.uniform(1.0, 1.8)))
    for fold in (2, 3, 5, 8):
        bend = np.sin(fold * angle + np.float32(rng.random() * TAU) + radius * 6)
        radius = (radius + rng.uniform(0.004, 0.016) * bend).astype(np.float32)
    rings = radius * np.float32(rng.uniform(15, 24))
    noise = rng.random(x.shape).astype(np.float32)
    fibre = sum(np.roll(noise, shift, 1) for shift in range(4)) / np.float32(4)
    crack = np.abs(np.sin(angle * 1 + 0.7)) < 0.008 + 0.004 * np.sin(radius * 30)
    depth = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) * 0.6)

    def paint(u: float) -> Image.Image:
        # Rings travel outwards, as in the years of a growing tree.
        saw = (rings - np.float32(4 * u)) % 1
        tone = np.float32(0.42) + np.float32(0.3) * saw**3 * -1 + np.float32(0.22) * saw
        light = np.sin(3 * angle + TAU * u) * np.float32(0.05)
        sheen = np.exp(-(((x - y * 0.5 - kit.aspect * (1.8 * u - 0.4)) / 0.22) ** 2))
        value = tone + light + 0.09 * (fibre - 0.5) + 0.14 * depth + 0.16 * sheen
        value = np.where(crack, value - 0.25, value)
        return kit.shade(value.astype(np.float32))

    return paint


def garden(kit: Kit) -> Painter:
    """Flowers shoot up, open and sway; bees pass."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.7), colour(0.92), mix(colour(1.0), (255, 255, 255), 0.4)])
    back = kit.board(sky)
    back.add(kit.glow(0.5, mix((0, 0, 0), colour(1.0), 0.4), 2), kit.aspect * 0.8, 0.18)
    count = 13
    xs = (np.arange(count) + rng.uniform(0.1, 0.9, count)) / count * kit.aspect
    tops = rng.uniform(0.26, 0.62, count)
    phases = rng.random(count) * 0.22
    folds = rng.choice([5, 6, 8, 12], count)
    hues = [
        (244, 96, 108),
        (255, 186, 73),
        (250, 240, 246),
        (190, 110, 220),
        (255, 132, 170),
        (110, 150, 255),
    ]
    tints = [hues[int(k)] for k in rng.integers(0, len(hues), count)]
    order = np.argsort(-tops)[::-1]
    stem = mix(colour(0.35), (60, 130, 60), 0.5)
    for hill_x, hill_y, tone in ((0.3, 1.75, 0.25), (0.9, 1.8, 0.45)):
        hill = circle(kit.aspect * hill_x, hill_y, 1.0, 60)
        back.polygon(hill, mix(colour(0.55), stem, tone))
    t = np.linspace(0, 1, 12)
    bees = rng.random((3, 2))

    def paint(u: float) -> Image.Image:
        board = kit.board(back.image)
        for k in order:
            life = (u * 1.0 + phases[k]) % 1
            grow = ease(life * 2.4) * (1 - ease((life - 0.93) * 14))
            sway = 0.035 * np.sin(TAU * (u * 2 + phases[k] * 4))
            height = (0.96 - tops[k]) * grow
            line_x = xs[k] + sway * t**2 * grow
            line_y = 0.98 - height * t
            board.line(np.stack([line_x, line_y], 1), 0.013, stem)
            if grow > 0.35:
                _leaves(board, line_x, line_y, 0.085 * grow, stem)
            bloom = ease((life - 0.25) * 3.5) * (1 - ease((life - 0.9) * 12))
            if bloom > 0.03:
                _flower(
                    board,
                    line_x[-1],
                    line_y[-1],
                    0.085 * bloom,
                    int(folds[k]),
                    tints[k],
                    sway * 6,
                )
        board.box(
            -0.1, 0.95, kit.aspect + 0.1, 1.1, mix(colour(0.1), (70, 48, 34), 0.6)
        )
        for a, b in bees:
            bx = (a + u) % 1 * (kit.aspect + 0.4) - 0.2
            by = 0.2 + 0.35 * b + 0.06 * np.sin(TAU * (u * 4 + b))
            _bee(board, bx, by)
        return board.picture()

    return paint


def _flower(
    board: Board,
    x: float,
    y: float,
    size: float,
    fold: int,
    tint: tuple[int, int, int],
    turn: float,
) -> None:
    for layer, scale in ((0, 1.0), (1, 0.68)):
        ink = mix(tint, (255, 255, 255), 0.28 * layer)
        for k in range(fold):
            a = TAU * (k + 0.5 * layer) / fold + turn
            px, py = (
                x + size * scale * 0.62 * np.cos(a),
                y + size * scale * 0.62 * np.sin(a),
            )
            board.disc(px, py, size * scale * (0.42 if fold < 8 else 0.28), ink)
    board.disc(x, y, size * 0.34, (255, 205, 70))
    board.disc(x, y, size * 0.2, (214, 140, 40))


def _leaves(
    board: Board, x: np.ndarray, y: np.ndarray, size: float, stem: Colour
) -> None:
    """Two leaves on the stem along `x` and `y`."""
    for at, side in ((5, -1), (8, 1)):
        leaf = [
            [x[at], y[at]],
            [x[at] + side * size, y[at] - size * 0.7],
            [x[at] + side * size * 0.35, y[at] + size * 0.15],
        ]
        board.polygon(np.array(leaf), mix(stem, (120, 200, 90), 0.35))


def _bee(board: Board, x: float, y: float) -> None:
    for wing in (-1, 1):
        board.disc(x + 0.008 * wing, y - 0.02, 0.014, (250, 252, 255))
    board.box(x - 0.026, y - 0.014, x + 0.026, y + 0.014, (255, 196, 40), 0.014)
    for stripe in (-0.01, 0.008):
        board.box(x + stripe, y - 0.014, x + stripe + 0.008, y + 0.014, (40, 30, 20))
