"""Skylines, train windows, lanterns and maps."""

from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from demo.media.canvas import TAU, Board, Colour, Kit, Painter, hills, mix


def skyline(kit: Kit) -> Painter:
    """Towers with lit windows pass in parallax above a wet street."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.05), colour(0.3), colour(0.62)], glow=0.2)
    period = kit.aspect
    strips = []
    for depth in range(3):
        near = depth / 2
        tone = mix(colour(0.34), colour(0.0), near**0.7)
        board = kit.sprite(period, 1)
        left = 0.0
        while left < period - 0.03:
            wide = min(rng.uniform(0.08, 0.2) * (0.8 + 0.5 * near), period - left)
            top = rng.uniform(0.18, 0.5) + 0.16 * near
            board.box(left, top, left + wide - 0.004, 0.84, tone)
            if rng.random() < 0.35:
                mast = left + wide / 2
                board.box(mast, top - 0.08, mast + 0.006, top, tone)
            lit = mix(colour(0.75), colour(1.0), rng.random())
            _windows(board, rng, (left, top, wide), depth, (tone, lit))
            left += wide
        strips.append((board.image, depth))
    cars = rng.random((16, 3))
    white, red = kit.glow(0.06, (255, 240, 200)), kit.glow(0.05, (255, 60, 40))
    back = kit.board(sky)
    back.add(kit.glow(0.5, mix((0, 0, 0), colour(0.9), 0.7), 2), kit.aspect / 2, 0.62)
    back.stamp(strips[0][0], kit.aspect / 2, 0.5)

    def paint(u: float) -> Image.Image:
        board = kit.board(back.image)
        for strip, laps in strips[1:]:
            shift = round(u * laps * strip.width) % strip.width
            for at in (-shift, strip.width - shift):
                board.image.paste(strip, (at, 0), strip)
        edge = round(0.84 * board.scale)
        water = board.image.crop(
            (0, edge - round(0.3 * board.scale), board.image.width, edge)
        )
        mirror = water.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        size = board.image.width, board.image.height - edge
        mirror = mirror.resize(size, Image.Resampling.NEAREST)
        dark = Image.new("RGB", mirror.size, colour(0.0))
        board.image.paste(Image.blend(mirror, dark, 0.55), (0, edge))
        for a, b, c in cars:
            way = 1 if b < 0.5 else -1
            x = (a + way * u * (1 + int(c * 2))) % 1 * (kit.aspect + 0.4) - 0.2
            y = 0.9 + 0.045 * (way > 0)
            board.add(white if way > 0 else red, x, y)
            tail = [[x, y], [x - way * 0.07, y]]
            ink = (255, 244, 214) if way > 0 else (255, 90, 70)
            board.line(np.array(tail), 0.006, ink)
        return board.picture()

    return paint


def _windows(
    board: Board,
    rng: np.random.Generator,
    tower: tuple[float, float, float],
    depth: int,
    inks: tuple[Colour, Colour],
) -> None:
    """Lit windows of a tower (left, top, width), in colours between two `inks`."""
    left, top, wide = tower
    pitch = 0.026 + 0.008 * depth / 2
    for row in np.arange(top + 0.02, 0.8, pitch):
        for column in np.arange(left + 0.014, left + wide - 0.02, pitch * 0.8):
            if rng.random() < 0.4 - 0.08 * (2 - depth):
                ink = mix(*inks, rng.uniform(0.35, 1.0))
                board.box(column, row, column + pitch * 0.42, row + pitch * 0.5, ink)


def train(kit: Kit) -> Painter:
    """The window seat: hills, trees and poles rush by outside the glass."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.55), colour(0.8), colour(1.0), colour(0.8)])
    x = np.linspace(0, 1, 130)
    period = kit.aspect * 1.6
    layers = []
    for depth in range(5):
        near = depth / 4
        line = 0.4 + 0.3 * near + hills(rng, x, 0.55, 5) * (0.13 - 0.08 * near)
        layers.append((line, mix(colour(0.72), colour(0.2), near), 1 + depth))
    trees = rng.random((16, 2))
    clouds = rng.uniform((0, 0.1), (1, 0.32), (5, 2))
    frame = mix(colour(0.02), (14, 16, 22), 0.6)
    cloud = mix(colour(1.0), (255, 255, 255), 0.6)
    # The carriage does not move: it is drawn once and pasted over each picture.
    inside = kit.sprite(kit.aspect, 1)
    edge, whole = 0.07, Image.new("L", inside.image.size, 255)
    glass = [edge, edge, kit.aspect - edge, 0.86]
    ImageDraw.Draw(whole).rounded_rectangle(
        [side * inside.scale for side in glass], radius=0.09 * inside.scale, fill=0
    )
    inside.image.paste(frame, (0, 0), whole)
    inside.box(0, 0.93, kit.aspect, 1.1, mix(frame, (120, 90, 70), 0.4))
    cup = kit.aspect * 0.78
    inside.box(cup, 0.8, cup + 0.1, 0.94, (240, 236, 228), 0.015)
    inside.box(cup, 0.85, cup + 0.1, 0.89, colour(0.5))
    carriage = inside.picture()

    def paint(u: float) -> Image.Image:
        board = kit.board(sky)
        for a, b in clouds:
            cx = (a - u) % 1 * (kit.aspect + 0.6) - 0.3
            for dx, r in ((-0.08, 0.03), (-0.03, 0.045), (0.03, 0.05), (0.09, 0.03)):
                board.disc(cx + dx, b, r, cloud)
        for line, tone, laps in layers:
            shift = int(u * laps % 1 * len(x))
            shape = np.concatenate([line[shift:], line[:shift]])
            points = np.stack([x * period, shape], 1)
            board.polygon(np.concatenate([points, [[period, 1.1], [0, 1.1]]]), tone)
        for a, b in trees:
            at = (a - u * 7) % 1 * (kit.aspect + 1) - 0.5
            foot, tall = 0.84 + 0.05 * b, 0.16 + 0.12 * b
            board.box(at - 0.008, foot - tall, at + 0.008, foot, colour(0.06))
            for k, r in enumerate((0.06, 0.05, 0.036)):
                board.disc(at, foot - tall - 0.03 * k, r, colour(0.12 + 0.05 * k))
        board.box(-0.1, 0.88, kit.aspect + 0.1, 1.1, colour(0.1))
        pole = (-u * 10) % 1 * (kit.aspect + 2) - 1
        board.box(pole, 0, pole + 0.035, 1, colour(0.04))
        for k in range(-1, 3):  # the wires sag from pole to pole
            t = np.linspace(0, 1, 24)
            wire_x = pole + (k - 1 + t) * (kit.aspect + 2)
            wire_y = 0.13 + 0.05 * 4 * t * (1 - t)
            board.line(np.stack([wire_x, wire_y], 1), 0.004, colour(0.1))
        picture = board.picture()
        jolt = round(0.004 * kit.height * np.sin(TAU * u * 10))
        picture.paste(carriage, (0, jolt), carriage)
        return picture

    return paint


def lanterns(kit: Kit) -> Painter:
    """A night market: swaying lanterns over a steaming bowl of noodles."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.02), colour(0.2), colour(0.06)])
    cx = kit.aspect / 2
    hung = rng.uniform((0.05, 0.1), (1, 0.26), (9, 2))
    hung[:, 0] = (np.arange(9) + 0.5 + rng.uniform(-0.2, 0.2, 9)) / 9
    glow = kit.glow(0.26, mix((0, 0, 0), colour(0.75), 0.6), 1.8)
    back = kit.board(sky)
    for a, b in hung:
        back.add(glow, a * kit.aspect, b)
    back.box(-0.1, 0.86, kit.aspect + 0.1, 1.1, colour(0.1))
    steam = [kit.glow(r, (30, 28, 26), 1.2) for r in (0.07, 0.1, 0.14)]
    puffs = rng.random((16, 3))
    bowl = colour(0.55)
    toppings = rng.uniform((-0.24, -0.035), (0.24, 0.03), (9, 2))
    tints = [(250, 244, 230), (120, 190, 90), (232, 100, 70), (255, 210, 90)]

    def paint(u: float) -> Image.Image:
        board = kit.board(back.image)
        x = np.linspace(0, kit.aspect, 50)
        board.line(
            np.stack([x, 0.06 + 0.05 * np.sin(x * 3.2) ** 2], 1), 0.004, colour(0.4)
        )
        for number, (a, b) in enumerate(hung):
            sway = 0.02 * np.sin(TAU * (u + a * 3))
            lx, ly = a * kit.aspect + sway, b
            board.line(
                np.array([[a * kit.aspect, 0.05], [lx, ly - 0.06]]), 0.003, colour(0.4)
            )
            ink = mix(colour(0.6), colour(0.85), number % 3 / 2)
            s = board.scale
            box = (lx - 0.06) * s, (ly - 0.05) * s, (lx + 0.06) * s, (ly + 0.05) * s
            board.draw.ellipse(box, fill=ink)
            core = (lx - 0.025) * s, (ly - 0.05) * s, (lx + 0.025) * s, (ly + 0.05) * s
            board.draw.ellipse(core, fill=mix(ink, (255, 245, 210), 0.5))
            board.box(lx - 0.022, ly - 0.06, lx + 0.022, ly - 0.045, colour(0.1))
            board.box(lx - 0.022, ly + 0.045, lx + 0.022, ly + 0.06, colour(0.1))
        s = board.scale
        rim = 0.66
        half = np.linspace(0, np.pi, 40)
        body = np.stack([cx + 0.36 * np.cos(half), rim + 0.27 * np.sin(half)], 1)
        board.polygon(body, bowl)
        band = np.stack([cx + 0.31 * np.cos(half), rim + 0.1 + 0.13 * np.sin(half)], 1)
        board.line(band, 0.012, colour(0.9))
        outer = (cx - 0.36) * s, (rim - 0.085) * s, (cx + 0.36) * s, (rim + 0.085) * s
        inner = (cx - 0.335) * s, (rim - 0.072) * s, (cx + 0.335) * s, (rim + 0.072) * s
        board.draw.ellipse(outer, fill=mix(bowl, (255, 255, 255), 0.35))
        board.draw.ellipse(inner, fill=(196, 120, 54))
        t = np.linspace(-1, 1, 30)
        for k in range(13):
            wave = np.sin(t * 9 + k * 1.7 + 0.5 * np.sin(TAU * u + k))
            level = rim + (k - 6) * 0.008 + 0.008 * wave
            span = 0.3 * np.sqrt(1 - ((k - 6) / 7.5) ** 2)
            board.line(np.stack([cx + span * t, level], 1), 0.008, (246, 214, 140))
        for number, (dx, dy) in enumerate(toppings):
            board.disc(
                cx + dx, rim + dy, 0.024, tints[number % 4], (120, 70, 40), 0.003
            )
        lift = 0.05 * np.sin(TAU * u)
        for side in (0, 0.03):
            stick = [
                [cx + 0.12 + side, rim - 0.02 - lift],
                [cx + 0.55 + side, 0.2 - lift],
            ]
            board.line(np.array(stick), 0.012, (140, 84, 46))
        for a, b, c in puffs:
            rise = (b + u * (1 + int(c * 2))) % 1
            x_at = cx + (a - 0.5) * 0.5 + 0.06 * np.sin(TAU * (rise + c))
            if rise < 0.85:
                board.add(steam[int(rise * 3) % 3], x_at, rim - rise * 0.5)
        return board.picture()

    return paint


def atlas(kit: Kit) -> Painter:
    """An old map on which a route is travelled from town to town."""
    rng = kit.rng
    x, y = kit.grid(kit.height)
    land = np.zeros_like(x)
    for k in range(1, 4):
        a, b = rng.uniform(-1.3, 1.3, 2) * k
        land += np.float32(0.7**k) * np.sin(
            np.float32(a) * x * 2
            + np.float32(b) * y * 2
            + np.float32(rng.random() * TAU)
            + np.sin(np.float32(b) * x * 1.6)
        )
    land = land / 1.5
    shore = np.clip((land - 0.08) * 22, 0, 1)
    lines = 0.5 + 0.5 * np.cos(np.clip(0.08 - land, 0, 0.5) * 75)
    tone = 0.62 + 0.2 * shore + 0.09 * (1 - shore) * lines
    tone -= 0.35 * np.exp(-(((land - 0.08) * 34) ** 2))
    tone += 0.05 * shore * np.sin(land * 40)
    edge = np.minimum(np.minimum(x, kit.aspect - x), np.minimum(y, 1 - y))
    tone -= 0.16 * np.exp(-edge * 14)
    paper = kit.shade(tone.astype(np.float32)).resize((kit.width * 2, kit.height * 2))
    towns = rng.uniform((0.2, 0.18), (kit.aspect - 0.2, 0.82), (6, 2))
    towns = towns[np.argsort(towns[:, 0])]
    t = np.linspace(0, 1, 26)[:, None]
    legs = []
    for start, end in pairwise(towns):
        bend = np.array([-(end - start)[1], (end - start)[0]]) * rng.uniform(
            -0.35, 0.35
        )
        legs.append(start + (end - start) * t + bend * 4 * t * (1 - t) * 0.5)
    route = np.concatenate(legs)
    brown, red = kit.palette.at(0.08), (176, 44, 36)
    rose = np.array([kit.aspect - 0.2, 0.8])

    def paint(u: float) -> Image.Image:
        board = kit.board(paper)
        for k in range(8):
            a, r = TAU * k / 8 + 0.03 * np.sin(TAU * u), 0.11 if k % 2 == 0 else 0.06
            tip = rose + r * np.array([np.cos(a), np.sin(a)])
            for side, ink in ((0.35, brown), (-0.35, kit.palette.at(0.85))):
                flank = rose + 0.03 * np.array([np.cos(a + side), np.sin(a + side)])
                board.polygon(np.stack([rose, tip, flank]), ink)
        travelled = int(min(1.0, u * 1.25) * (len(route) - 1))
        for k in range(0, travelled, 2):
            board.line(route[k : k + 2], 0.009, red)
        for number, town in enumerate(towns):
            reached = travelled >= number * 26 - 1
            ink = red if reached else kit.palette.at(0.9)
            board.spot(town, 0.017, ink, brown, 0.005)
        ship = route[travelled]
        bob = 0.004 * np.sin(TAU * u * 8)
        hull = np.array([[-0.04, 0], [0.045, 0], [0.026, 0.026], [-0.026, 0.026]])
        board.polygon(hull + ship + [0, bob], brown)
        sail = np.array([[0, -0.07], [0.038, -0.008], [0, -0.008]])
        board.polygon(sail + ship + [0, bob], (250, 244, 226))
        board.polygon(sail * [-0.8, 0.9] + ship + [-0.004, bob], (236, 224, 196))
        return board.picture()

    return paint
