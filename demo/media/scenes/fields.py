"""Ink, flow, light and breath: the abstract scenes."""

import numpy as np
from PIL import Image, ImageFilter

from demo.media.canvas import TAU, Board, Kit, Painter, ease, mix


def ink(kit: Kit) -> Painter:
    """Paint folds into itself: sines warped by sines (domain warping)."""
    rng = kit.rng
    x, y = kit.grid(135)
    a, b, c, d = (np.float32(v) for v in rng.uniform(2.2, 4.6, 4))
    phases = rng.random(6) * TAU
    fold = np.float32(rng.uniform(0.5, 0.85))

    def paint(u: float) -> Image.Image:
        t = TAU * u
        p = x + fold * np.sin(a * y + np.float32(t + phases[0]))
        q = y + fold * np.sin(b * x - np.float32(t + phases[1]))
        r = p + fold * np.sin(c * q + np.float32(phases[2]))
        s = q + fold * np.cos(d * p + np.float32(t + phases[3]))
        value = np.sin(3 * r + np.float32(phases[4])) + np.sin(2.6 * s + 2 * r)
        return kit.shade(np.float32(0.5) + np.float32(0.25) * value)

    return paint


def flow(kit: Kit) -> Painter:
    """Strands comb along a curl field while light runs down them."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.0), colour(0.1)])
    waves = rng.uniform(1.2, 3.4, (5, 2)) * rng.choice([-1, 1], (5, 2))
    phases = rng.random(5) * TAU
    count, steps = 230, 30
    path = np.empty((steps, count, 2))
    path[0] = rng.uniform((-0.2, -0.1), (kit.aspect + 0.2, 1.1), (count, 2))
    for step in range(1, steps):
        turn = path[step - 1] @ waves.T + phases
        bend = np.sin(turn).sum(1) * 1.2
        move = np.stack([np.cos(bend), np.sin(bend)], 1)
        path[step] = path[step - 1] + 0.015 * move
    tint = 0.3 + 0.7 * (0.5 + 0.5 * np.sin(path[0] @ waves[0]))
    start, width = rng.random(count), rng.uniform(0.003, 0.009, count)
    still = kit.board(sky)
    for number in range(count):
        faint = mix(colour(0.0), colour(float(tint[number])), 0.22)
        still.line(path[:, number], float(width[number]) * 0.7, faint)
    tones = [colour(float(value)) for value in tint]
    length = 9

    def paint(u: float) -> Image.Image:
        board = kit.board(still.image)
        for number in range(count):
            head = int((u + start[number]) % 1 * (steps + length))
            part = path[max(0, head - length) : head, number]
            if len(part) > 1:
                board.line(part, float(width[number]), tones[number])
        return board.picture()

    return paint


def bokeh(kit: Kit) -> Painter:
    """Lights out of focus drift over the frame, round or six-sided."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.0), colour(0.16), colour(0.04)])
    count, blades = 24, int(rng.choice([6, 8, 48]))
    spots = rng.random((count, 4))
    turns = np.arange(blades) / blades * TAU + 0.3
    lights = []
    for a, _, _, d in spots:
        radius = 0.035 + 0.13 * d**2
        half = round(radius * kit.height * 2 * 1.2)
        disc = Image.new("RGB", (half * 2, half * 2))
        dim = Board.on(disc)
        ink_in = mix((0, 0, 0), colour(0.35 + 0.6 * a), 0.16 + 0.2 * (1 - d))
        edge = np.stack([np.cos(turns), np.sin(turns)], 1) * half / 1.2 + half
        dim.polygon(edge, mix((0, 0, 0), colour(0.35 + 0.6 * a), 0.5))
        dim.polygon((edge - half) * 0.93 + half, ink_in)
        lights.append(disc.filter(ImageFilter.GaussianBlur(half * 0.03 + 0.6)))

    def paint(u: float) -> Image.Image:
        board = kit.board(sky)
        for number, (a, b, c, d) in enumerate(spots):
            x = a * (kit.aspect + 0.2) - 0.1 + 0.09 * np.sin(TAU * (u + c))
            lap = (b - u * (1 if d < 0.6 else 2)) % 1
            board.add(lights[number], x, lap * 1.5 - 0.25)
        return board.picture()

    return paint


def breath(kit: Kit) -> Painter:
    """Petals of light open with the in-breath and close with the out-breath."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.12), colour(0.3), colour(0.16)])
    petals = int(rng.choice([5, 6, 7]))
    cx, cy = kit.aspect / 2, 0.5
    soft = [
        kit.glow(0.27, mix((0, 0, 0), colour(0.45 + 0.5 * k / petals), 0.13), 0.9)
        for k in range(petals)
    ]
    heart = kit.glow(0.2, mix((0, 0, 0), colour(1.0), 0.35), 1.6)
    turn = rng.choice([-1, 1]) * TAU / petals
    motes = rng.random((26, 3))

    def paint(u: float) -> Image.Image:
        board = kit.board(sky)
        open_ = ease(0.5 - 0.5 * np.cos(TAU * u))
        reach = 0.05 + 0.17 * open_
        for k in range(petals):
            angle = TAU * k / petals + turn * u
            x, y = cx + reach * np.cos(angle), cy + reach * np.sin(angle)
            board.add(soft[k], x, y)
        for k in range(petals):
            angle = TAU * k / petals + turn * u
            x, y = cx + reach * np.cos(angle), cy + reach * np.sin(angle)
            board.disc(x, y, 0.1 + 0.11 * open_, None, colour(0.85), 0.003)
        board.add(heart, cx, cy)
        for a, b, c in motes:
            r = 0.3 + 0.5 * b + 0.05 * np.sin(TAU * (u + c))
            x = cx + r * np.cos(TAU * a + 0.2 * open_) * 1.4
            y = cy + r * np.sin(TAU * a + 0.2 * open_)
            board.disc(x, y, 0.002 + 0.004 * c, colour(0.85))
        return board.picture()

    return paint


def mandala(kit: Kit) -> Painter:
    """Rings of petals turn against one another."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.06), colour(0.24), colour(0.08)])
    cx, cy = kit.aspect / 2, 0.5
    back = kit.board(sky)
    back.add(kit.glow(0.75, mix((0, 0, 0), colour(0.6), 0.4), 1.6), cx, cy)
    t = np.linspace(0, 1, 9)
    rings = []
    for ring in range(6):
        fold = int(rng.choice([6, 8, 12, 16]))
        rings.append(
            (fold, rng.choice([-1, 1]), rng.uniform(0.7, 1.25), 0.5 - 0.075 * ring)
        )

    def paint(u: float) -> Image.Image:
        board = kit.board(back.image)
        for number, (fold, way, fat, reach) in enumerate(rings):
            beat = 1 + 0.06 * np.sin(TAU * (u + number / 6))
            rim, inner = colour(0.12 + 0.1 * number), colour(0.35 + 0.12 * number)
            side = fat * np.sin(np.pi * t) * np.pi / fold
            radius = reach * beat * (0.42 + 0.58 * t)
            petal = np.concatenate(
                [radius * np.exp(1j * side), (radius * np.exp(-1j * side))[::-1]]
            )
            core = petal.mean() + (petal - petal.mean()) * 0.93
            for leaf in range(fold):
                turn = np.exp(1j * TAU * (leaf + way * u) / fold)
                for outline, ink_in in ((petal * turn, rim), (core * turn, inner)):
                    shape = np.stack([outline.real + cx, outline.imag + cy], 1)
                    board.polygon(shape, ink_in)
        board.disc(cx, cy, 0.05, colour(1.0), colour(0.4), 0.006)
        return board.picture()

    return paint


def pulse(kit: Kit) -> Painter:
    """Training rings fill up round a heartbeat line."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.0), colour(0.14), colour(0.02)])
    cx, cy = kit.aspect / 2, 0.46
    goals = rng.uniform(0.72, 0.98, 3)
    tones = [colour(0.55), colour(0.75), colour(0.95)]
    x = np.linspace(0, kit.aspect, 200)
    back = kit.board(sky)
    back.add(kit.glow(0.5, mix((0, 0, 0), colour(0.5), 0.4), 1.8), cx, cy)

    def paint(u: float) -> Image.Image:
        board = kit.board(back.image)
        beat = np.exp(-6 * (u * 6 % 1))
        s = board.scale
        fill = ease(u * 1.5) if u < 0.8 else 1 - ease((u - 0.8) * 5)
        for ring in range(3):
            radius = 0.36 - ring * 0.075
            board.disc(cx, cy, radius, None, mix((0, 0, 0), tones[ring], 0.1), 0.055)
            end = -90 + 360 * goals[ring] * fill
            box = [
                (cx - radius) * s,
                (cy - radius) * s,
                (cx + radius) * s,
                (cy + radius) * s,
            ]
            if end > -89:
                board.draw.arc(box, -90, end, tones[ring], round(0.055 * s))
            for at in (-90, end):
                a, r = np.radians(at), radius - 0.0275
                board.disc(cx + r * np.cos(a), cy + r * np.sin(a), 0.0275, tones[ring])
        heart = 0.055 * (1 + 0.25 * beat)
        for side in (-1, 1):
            board.disc(
                cx + side * heart * 0.5, cy - heart * 0.2, heart * 0.56, colour(1.0)
            )
        tip = [[cx - heart, cy], [cx + heart, cy], [cx, cy + heart * 1.1]]
        board.polygon(np.array(tip), colour(1.0))
        local = (x / kit.aspect * 3 - u * 3) % 1
        trace = 0.1 * np.exp(-(((local - 0.5) / 0.022) ** 2))
        trace -= 0.045 * np.exp(-(((local - 0.56) / 0.025) ** 2))
        trace += 0.018 * np.exp(-(((local - 0.72) / 0.05) ** 2))
        board.line(np.stack([x, 0.92 - trace], 1), 0.008, colour(0.8))
        return board.picture()

    return paint
