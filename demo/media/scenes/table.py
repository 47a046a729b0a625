"""On the table: a cup, falling slices and things that bake."""

import numpy as np
from PIL import Image, ImageDraw

from demo.media.canvas import TAU, Board, Colour, Kit, Painter, circle, ease, mix


def latte(kit: Kit) -> Painter:
    """A cup seen from above; the milk turns into a rosetta and steam curls over it."""
    rng, colour = kit.rng, kit.palette.at
    wood = kit.board(colour(0.22))
    for plank in range(7):
        top = plank / 7
        wood.box(
            -1,
            top,
            kit.aspect + 1,
            top + 1 / 7 - 0.004,
            mix(colour(0.16), colour(0.34), rng.random()),
        )
        x = np.linspace(0, kit.aspect, 40)
        for grain in range(4):
            y = (
                top
                + 0.02
                + grain * 0.03
                + 0.006 * np.sin(x * rng.uniform(2, 6) + rng.random() * 6)
            )
            wood.line(np.stack([x, y], 1), 0.0025, mix(colour(0.12), colour(0.3), 0.4))
    cx, cy = kit.aspect * rng.uniform(0.42, 0.58), 0.5
    t = np.linspace(0, 1, 40)
    china = mix(colour(0.95), (255, 255, 255), 0.6)
    coffee, milk = (104, 58, 28), (250, 232, 204)
    leaves = int(rng.integers(4, 7))
    beans = rng.uniform((0.06, 0.06), (kit.aspect - 0.06, 0.94), (26, 2))
    beans = beans[np.hypot(beans[:, 0] - cx, beans[:, 1] - cy) > 0.5]
    steam = [kit.glow(r, (34, 32, 30), 1.1) for r in (0.1, 0.14, 0.18)]
    puffs = rng.random((11, 3))
    for x0, y0 in beans:
        turn = rng.random() * TAU
        oval = circle(0, 0, 0.026, 16) * [1, 0.68]
        spin = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        wood.polygon(oval @ spin + [x0 + 0.006, y0 + 0.009], colour(0.08))
        wood.polygon(oval @ spin + [x0, y0], (84, 46, 24))
        wood.line(
            np.array([[-0.022, 0], [0.022, 0]]) @ spin + [x0, y0], 0.004, (48, 24, 12)
        )
    wood.disc(cx + 0.02, cy + 0.03, 0.46, colour(0.1))
    wood.disc(cx, cy, 0.46, china)
    wood.disc(cx, cy, 0.38, mix(china, colour(0.5), 0.16))
    wood.box(cx + 0.28, cy - 0.045, cx + 0.46, cy + 0.045, china, 0.04)
    wood.disc(cx + 0.012, cy + 0.016, 0.325, mix(china, (0, 0, 0), 0.4))
    wood.disc(cx, cy, 0.32, china)

    def paint(u: float) -> Image.Image:
        board = kit.board(wood.image)
        board.disc(cx, cy, 0.29, coffee)
        board.disc(cx, cy, 0.28, mix(coffee, (196, 126, 66), 0.55))
        pour = ease(min(1.0, u * 2.2)) * (1 - ease((u - 0.9) * 10))
        spin = 0.5 * np.sin(TAU * u)
        turn = np.array([[np.cos(spin), np.sin(spin)], [-np.sin(spin), np.cos(spin)]])
        for leaf in range(leaves):
            size = pour * (1 - leaf / (leaves + 1)) * 0.235
            lift = 0.14 - 0.26 * leaf / leaves * (0.5 + 0.5 * pour)
            angle = t * TAU
            wave = 1 + 0.09 * np.sin(angle * 9 + TAU * u)
            px = size * wave * np.sin(angle) * (1 - 0.32 * np.cos(angle))
            py = lift * pour - size * 0.62 * np.cos(angle)
            shape = np.stack([px, py], 1)
            tone = milk if leaf % 2 == 0 else (176, 108, 56)
            board.polygon(shape @ turn + [cx, cy], tone)
        for a, b, c in puffs:
            rise = (b + u) % 1
            board.add(
                steam[int(c * 3)],
                cx + (a - 0.5) * 0.4 + 0.07 * np.sin(TAU * (u + c)),
                cy + 0.1 - rise * 0.55,
            )
        return board.picture()

    return paint


class _Turning:
    """A sprite at sixteen angles, each made when it is first asked for."""

    def __init__(self, sprite: Image.Image) -> None:
        self.sprite = sprite
        self.made: dict[int, Image.Image] = {}

    def at(self, turn: float) -> Image.Image:
        step = int(turn * 16) % 16
        if step not in self.made:
            rotated = self.sprite.rotate(22.5 * step, Image.Resampling.BILINEAR)
            self.made[step] = rotated
        return self.made[step]


def _slice(kind: int, radius: float, scale: int, tint: Colour) -> Image.Image:
    """A round slice of fruit or vegetable as an RGBA sprite."""
    half = round(radius * scale * 1.08)
    image = Image.new("RGBA", (half * 2, half * 2))
    board = Board.on(image)
    r = radius * scale
    pale = mix(tint, (255, 255, 255), 0.75)
    board.disc(half, half, r, tint)
    if kind == 0:  # citrus: segments in pith
        board.disc(half, half, r * 0.9, pale)
        for k in range(9):
            angles = TAU * (k + np.linspace(0.08, 0.92, 8)) / 9
            rim = np.stack(
                [half + 0.83 * r * np.cos(angles), half + 0.83 * r * np.sin(angles)], 1
            )
            tip = TAU * (k + 0.5) / 9
            core = [[half + 0.12 * r * np.cos(tip), half + 0.12 * r * np.sin(tip)]]
            board.polygon(np.concatenate([rim, core]), mix(tint, (255, 255, 255), 0.25))
    elif kind == 1:  # kiwi: seeds round a pale heart
        board.disc(half, half, r * 0.92, mix(tint, (190, 230, 90), 0.6))
        board.disc(half, half, r * 0.3, (238, 246, 206))
        for k in range(18):
            angle = TAU * k / 18
            board.disc(
                half + 0.5 * r * np.cos(angle),
                half + 0.5 * r * np.sin(angle),
                r * 0.05,
                (40, 36, 26),
            )
    elif kind == 2:  # tomato: chambers
        board.disc(half, half, r * 0.9, mix(tint, (255, 120, 90), 0.5))
        for k in range(4):
            angle = TAU * (k + 0.5) / 4
            x, y = half + 0.48 * r * np.cos(angle), half + 0.48 * r * np.sin(angle)
            board.disc(x, y, r * 0.27, mix(tint, (255, 190, 120), 0.6))
            for seed in range(5):
                a = TAU * seed / 5
                board.disc(
                    x + 0.14 * r * np.cos(a),
                    y + 0.14 * r * np.sin(a),
                    r * 0.045,
                    (255, 236, 170),
                )
    else:  # cucumber or radish
        board.disc(half, half, r * 0.9, pale)
        board.disc(half, half, r * 0.5, mix(pale, tint, 0.2))
        for k in range(11):
            angle = TAU * k / 11
            board.disc(
                half + 0.36 * r * np.cos(angle),
                half + 0.36 * r * np.sin(angle),
                r * 0.06,
                mix(pale, tint, 0.45),
            )
    return image


def slices(kit: Kit) -> Painter:
    """Slices of fruit and vegetables tumble past on a bright ground."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([mix(colour(0.9), (255, 255, 255), 0.35), colour(0.82)])
    tints = [
        (255, 150, 40),
        (250, 205, 60),
        (120, 180, 60),
        (226, 60, 54),
        (110, 170, 80),
        (232, 70, 120),
    ]
    kinds = [0, 0, 1, 2, 3, 3]
    parts = []
    sets = []
    for number in range(8):  # from far and small to near and large
        which = int(rng.integers(6))
        sprite = _slice(
            kinds[which], 0.06 + 0.015 * number, kit.height * 2, tints[which]
        )
        turns = _Turning(sprite)
        shadow = Image.new("RGBA", sprite.size, mix(colour(0.82), (0, 0, 0), 0.25))
        shadow.putalpha(sprite.getchannel("A").point(lambda v: v // 4))
        sets.append((turns, shadow))
    for number in range(20):
        near = number / 20
        parts.append(
            (
                *sets[int(near * 8)],
                rng.random(),
                rng.random(),
                1 + int(near * 2),
                int(rng.choice([-1, 1])),
            )
        )

    def paint(u: float) -> Image.Image:
        board = kit.board(sky)
        for number, (turns, shadow, a, b, laps, way) in enumerate(parts):
            x = a * kit.aspect + 0.03 * np.sin(TAU * (u + b))
            y = (b + u * laps) % 1 * 1.5 - 0.25
            board.stamp(shadow, x + 0.025, y + 0.035)
            board.stamp(turns.at((u * way + number / 20) % 1), x, y)
        return board.picture()

    return paint


def oven(kit: Kit) -> Painter:
    """Rows of glazed rings and buns ride by on a belt, still warm."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([mix(colour(0.85), (255, 255, 255), 0.3), colour(0.75)])
    scale = kit.height * 2
    sprites = []
    for _ in range(4):
        r = 0.135 * scale
        half = round(r * 1.1)
        image = Image.new("RGBA", (half * 2, half * 2))
        board = Board.on(image)
        dough, glaze = (222, 160, 92), colour(rng.choice([0.25, 0.45, 0.6, 0.95]))
        board.disc(half, half, r, (190, 122, 62))
        board.disc(half, half - r * 0.03, r * 0.96, dough)
        wobble = 0.82 + 0.035 * np.sin(
            np.arange(60) * TAU / 60 * int(rng.integers(7, 12)) + rng.random() * 6
        )
        board.polygon(circle(half, half, r * wobble, 60), glaze)
        board.polygon(
            circle(half - r * 0.03, half - r * 0.05, r * wobble * 0.93, 60),
            mix(glaze, (255, 255, 255), 0.18),
        )
        for _ in range(46):
            angle, far = rng.random() * TAU, rng.uniform(0.42, 0.74) * r
            x, y = half + far * np.cos(angle), half + far * np.sin(angle)
            lean = rng.random() * TAU
            dx, dy = 0.055 * r * np.cos(lean), 0.055 * r * np.sin(lean)
            ink = colour(rng.random()) if rng.random() < 0.6 else (255, 255, 255)
            board.line(np.array([[x - dx, y - dy], [x + dx, y + dy]]), 0.035 * r, ink)
        board.disc(half, half, r * 0.36, (190, 122, 62))
        board.disc(half, half + r * 0.03, r * 0.29, colour(0.7))
        # Cut the hole, so that the ground shows through.
        ImageDraw.Draw(image).ellipse(
            (half - r * 0.27, half - r * 0.24, half + r * 0.27, half + r * 0.3),
            fill=(0, 0, 0, 0),
        )
        sprites.append(_Turning(image))
    order = rng.integers(0, 4, (3, 6))
    pitch = kit.aspect / 5
    spin = rng.choice([-1, 1], (3, 6))

    def paint(u: float) -> Image.Image:
        board = kit.board(sky)
        for lane in range(3):
            way = 1 if lane % 2 == 0 else -1
            y = 0.18 + lane * 0.32
            for number in range(6):
                x = (number * pitch + way * u * pitch * 6) % (pitch * 6) - pitch / 2
                board.disc(x + 0.02, y + 0.03, 0.13, colour(0.64))
                turn = (u * spin[lane, number] + number / 6) % 1
                hop = 0.012 * np.sin(TAU * (u * 6 + number / 6 + lane / 3))
                board.stamp(sprites[order[lane, number]].at(turn), x, y + hop)
        return board.picture()

    return paint
