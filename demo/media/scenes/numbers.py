"""Mathematics and science in motion."""

import numpy as np
from PIL import Image

from demo.media.canvas import TAU, Kit, Painter, circle, ease, mix


def epicycles(kit: Kit) -> Painter:
    """Circles on circles draw a closed curve, whose ink fades behind the pen."""
    rng, colour = kit.rng, kit.palette.at
    back = kit.board(kit.sky([colour(0.02), colour(0.12)]))
    grid = colour(0.2)
    for at in np.arange(0, kit.aspect, 0.1):
        back.line(np.array([[at, 0], [at, 1]]), 0.002, grid)
    for at in np.arange(0, 1, 0.1):
        back.line(np.array([[0, at], [kit.aspect, at]]), 0.002, grid)
    fold = int(rng.choice([2, 3, 4, 5]))
    # Speeds that agree modulo `fold` give a curve of that symmetry.
    speeds = np.array([1, 1 - fold, 1 + fold, 1 - 2 * fold])
    sizes = np.array([0.24, 0.13, 0.055, 0.04]) * rng.uniform(0.75, 1.2, 4)
    phases = rng.random(4) * TAU
    cx, cy = kit.aspect / 2, 0.5

    def joints(u: float) -> np.ndarray:
        turn = TAU * speeds * u + phases
        x, y = (
            cx + np.cumsum(sizes * np.cos(turn)),
            cy + np.cumsum(sizes * np.sin(turn)),
        )
        return np.stack([np.r_[cx, x], np.r_[cy, y]], 1)

    samples = 420
    curve = np.array([joints(k / samples)[-1] for k in range(samples)])
    inks = [mix(colour(0.2), colour(0.95), (k / 69) ** 0.8) for k in range(70)]
    light = kit.glow(0.09, colour(0.9))

    def paint(u: float) -> Image.Image:
        board = kit.board(back.image)
        head = int(u * samples)
        order = (head + 1 + np.arange(samples)) % samples
        path = curve[order]
        for piece in range(70):
            part = path[piece * 6 : piece * 6 + 7]
            board.line(part, 0.004 + 0.006 * piece / 70, inks[piece])
        arm = joints(u)
        for number, radius in enumerate(sizes):
            board.spot(arm[number], radius, None, colour(0.5), 0.003)
        board.line(arm, 0.006, (255, 255, 255))
        board.add(light, *arm[-1])
        board.spot(arm[-1], 0.013, (255, 255, 255))
        return board.picture()

    return paint


def attractor(kit: Kit) -> Painter:
    """A strange attractor (de Jong's map) breathes as its parameters turn."""
    rng = kit.rng
    base = np.array(
        [
            (1.4, -2.3, 2.4, -2.1),
            (2.01, -2.53, 1.61, -0.33),
            (-2.7, -0.09, -0.86, -2.2),
            (-2.0, -2.0, -1.2, 2.0),
            (1.641, 1.902, 0.316, 1.525),
            (-0.827, -1.637, 1.659, -0.943),
        ][int(rng.integers(6))]
    )
    swing, offset = rng.uniform(0.05, 0.13, 4), rng.random(4) * TAU
    rows = 200
    columns = round(rows * kit.aspect)
    count, steps = 3000, 8
    seeds = rng.uniform(-1, 1, (2, count)).astype(np.float32)

    def paint(u: float) -> Image.Image:
        a, b, c, d = (base + swing * np.sin(TAU * u + offset)).astype(np.float32)
        x, y = seeds
        hits = np.zeros(rows * columns)
        for step in range(steps):
            x, y = np.sin(a * y) - np.cos(b * x), np.sin(c * x) - np.cos(d * y)
            if step < 3:
                continue
            column = ((x / 2.15 * 0.47 * 1.5 + kit.aspect / 2) * rows).astype(np.int32)
            row = ((y / 2.15 * 0.47 + 0.5) * rows).astype(np.int32)
            hits += np.bincount(row * columns + column, minlength=rows * columns)
        values = np.log1p(hits.reshape(rows, columns)).astype(np.float32) / 2.9
        return kit.shade(values**0.9)

    return paint


def julia(kit: Kit) -> Painter:
    """A Julia set morphs while its parameter walks round the cardioid's edge."""
    rng = kit.rng
    x, y = kit.grid(108)
    plane = ((x - kit.aspect / 2) + 1j * (y - 0.5)) * rng.uniform(2.3, 2.8)
    plane = (plane * np.exp(1j * rng.uniform(-0.5, 0.5))).astype(np.complex64)
    anchor = [
        -0.8 + 0.156j,
        -0.7269 + 0.1889j,
        0.285 + 0.01j,
        -0.4 + 0.6j,
        -0.835 - 0.2321j,
    ]
    centre = anchor[int(rng.integers(5))]
    reach = rng.uniform(0.015, 0.035)

    def paint(u: float) -> Image.Image:
        c = np.complex64(centre + reach * np.exp(1j * TAU * u))
        z = plane.copy().ravel()
        level = np.zeros(z.size, np.float32)
        index = np.arange(z.size)
        for step in range(34):
            z = z * z + c
            size = z.real**2 + z.imag**2
            out = size > 16
            if out.any():
                level[index[out]] = step + 1 - np.log2(np.log2(size[out]) / 2)
                z, index = z[~out], index[~out]
        level[index] = 34
        tone = np.sqrt(np.clip(level, 0, 34) / 34).reshape(plane.shape)
        tone = 0.5 - 0.5 * np.cos(TAU * (tone * 1.25 - u))
        tone[level.reshape(plane.shape) >= 34] = 0.02
        return kit.shade(tone.astype(np.float32))

    return paint


def pendulums(kit: Kit) -> Painter:
    """A row of pendulums drifts out of step and comes together again."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.1), colour(0.02)])
    count = 19
    first = int(rng.integers(5, 9))
    glows = [
        kit.glow(0.07, mix((0, 0, 0), colour(0.4 + 0.6 * k / count), 0.6))
        for k in range(count)
    ]

    def paint(u: float) -> Image.Image:
        board = kit.board(sky)
        for ghost in (2, 1, 0):
            at = u - ghost * 0.007
            for number in range(count):
                # One swing more a loop than the neighbour: all meet once a loop.
                swing = 0.85 * np.cos(TAU * at * (first + number))
                near = number / count
                length = 0.84 - 0.3 * near
                x = kit.aspect / 2 + length * np.sin(swing)
                y = 0.06 + length * np.cos(swing)
                ink = mix(colour(0.04), colour(0.4 + 0.6 * near), 1 - ghost / 4)
                if ghost == 0:
                    cord = np.array([[kit.aspect / 2, 0.02], [x, y]])
                    board.line(cord, 0.0025, colour(0.3))
                    board.add(glows[number], x, y)
                board.disc(x, y, 0.03 - 0.005 * ghost, ink)
        board.disc(kit.aspect / 2, 0.02, 0.02, colour(0.9))
        return board.picture()

    return paint


def ripples(kit: Kit) -> Painter:
    """Waves from several sources interfere on a dark pool."""
    rng = kit.rng
    x, y = kit.grid(135)
    sources = rng.uniform(
        (0.1, 0.1), (kit.aspect - 0.1, 0.9), (int(rng.integers(2, 5)), 2)
    )
    distances = [np.hypot(x - a, y - b) for a, b in sources]
    waves = [
        (d * rng.uniform(45, 75), rng.integers(3, 6), np.exp(-1.1 * d) / len(sources))
        for d in distances
    ]

    def paint(u: float) -> Image.Image:
        height = sum(a * np.sin(d - TAU * u * laps) for d, laps, a in waves)
        return kit.shade(np.float32(0.45) + np.float32(0.75) * height)

    return paint


def cells(kit: Kit) -> Painter:
    """Soft cells with nuclei drift and press against each other."""
    rng = kit.rng
    x, y = kit.grid(108)
    count = 20
    home = rng.uniform((-0.1, -0.1), (kit.aspect + 0.1, 1.1), (count, 2))
    for _ in range(12):  # spread them evenly
        gap = home[:, None] - home[None]
        far = np.hypot(gap[..., 0], gap[..., 1]) + np.eye(count)
        home += 0.0012 * (gap / far[..., None] ** 3).sum(1).clip(-20, 20)
    orbit, phase = rng.uniform(0.02, 0.06, count), rng.random(count) * TAU
    tint = rng.uniform(-0.1, 0.12, count).astype(np.float32)
    laps = rng.choice([-1, 1], count)

    def paint(u: float) -> Image.Image:
        best = np.full(x.shape, 9, np.float32)
        second = best.copy()
        tone = np.zeros_like(best)
        for k in range(count):
            at_x = np.float32(
                home[k, 0] + orbit[k] * np.cos(TAU * u * laps[k] + phase[k])
            )
            at_y = np.float32(
                home[k, 1] + orbit[k] * np.sin(TAU * u * laps[k] + phase[k])
            )
            d = (x - at_x) ** 2 + (y - at_y) ** 2
            closer = d < best
            second = np.minimum(second, np.where(closer, best, d))
            best = np.where(closer, d, best)
            tone = np.where(closer, tint[k], tone)
        near, next_ = np.sqrt(best), np.sqrt(second)
        wall = np.clip((next_ - near) * 16, 0, 1)
        nucleus = np.clip((0.045 - near) * 60, 0, 1)
        body = 0.42 + tone + 0.25 * np.cos(near * 16)
        values = 0.06 + wall * body + nucleus * (0.95 - body) * wall
        return kit.shade(values.astype(np.float32))

    return paint


def bubbles(kit: Kit) -> Painter:
    """A flask glows and bubbles; drops rise and merge above it."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.04), colour(0.2), colour(0.05)])
    cx = kit.aspect / 2
    glass = mix(colour(0.6), (255, 255, 255), 0.5)
    body = circle(cx, 0.63, 0.27, 80)
    neck = np.array(
        [[cx - 0.07, 0.08], [cx + 0.07, 0.08], [cx + 0.07, 0.5], [cx - 0.07, 0.5]]
    )
    x = np.linspace(-1, 1, 50)
    dots = rng.random((32, 4))
    surface = 0.56
    back = kit.board(sky)
    back.add(kit.glow(0.6, mix((0, 0, 0), colour(0.6), 0.5), 1.8), cx, 0.62)
    back.polygon(neck, mix(colour(0.1), glass, 0.12))
    back.polygon(body, mix(colour(0.1), glass, 0.12))

    def paint(u: float) -> Image.Image:
        board = kit.board(back.image)
        half = np.sqrt(0.25**2 - (surface - 0.63) ** 2)
        top = surface + 0.01 * np.sin(TAU * (u * 2 + x * 0.8))
        level = np.stack([cx + x * half, top], 1)
        lower = circle(cx, 0.63, 0.25, 90)
        lower = lower[lower[:, 1] > surface]
        lower = lower[np.argsort(np.arctan2(lower[:, 1] - 0.63, lower[:, 0] - cx))]
        board.polygon(np.concatenate([level, lower]), colour(0.55))
        board.line(level, 0.008, colour(0.85))
        for a, b, c, d in dots:
            rise = (b + u * (1 + int(c * 3))) % 1
            y = 0.86 - rise * 0.9
            wide = 0.19 * np.sqrt(max(0.0, 1 - ((y - 0.63) / 0.25) ** 2))
            limit = wide if y > 0.44 else 0.05
            bubble_x = cx + (a - 0.5) * 2 * limit + 0.01 * np.sin(TAU * (rise * 3 + d))
            if rise > 0.75:
                bubble_x += (a - 0.5) * (rise - 0.75) * 1.6
            size = 0.006 + 0.02 * c * (0.5 + rise)
            board.disc(bubble_x, y, size, colour(0.7 + 0.2 * d), colour(0.98), 0.003)
            board.disc(
                bubble_x - size * 0.3, y - size * 0.3, size * 0.25, (255, 255, 255)
            )
        board.line(np.concatenate([body[61:], body[:60]]), 0.011, glass)
        for side in (-1, 1):
            edge = np.array([[cx + side * 0.07, 0.08], [cx + side * 0.07, 0.375]])
            board.line(edge, 0.011, glass)
        board.box(cx - 0.095, 0.06, cx + 0.095, 0.09, glass, 0.015)
        return board.picture()

    return paint


def chart(kit: Kit) -> Painter:
    """Columns race, a line climbs over them, and the axis counts on."""
    rng, colour = kit.rng, kit.palette.at
    back = kit.board(kit.sky([colour(0.03), colour(0.14)]))
    for level in np.linspace(0.2, 0.84, 5):
        back.line(
            np.array([[0.14, level], [kit.aspect - 0.12, level]]), 0.003, colour(0.22)
        )
    count = 14
    left = np.linspace(0.16, kit.aspect - 0.2, count)
    width = (left[1] - left[0]) * 0.66
    base = np.linspace(0.12, 0.42, count) + rng.uniform(-0.05, 0.06, count)
    waves, laps = rng.random(count) * TAU, rng.integers(1, 3, count)
    light = kit.glow(0.08, colour(0.9))

    def paint(u: float) -> Image.Image:
        board = kit.board(back.image)
        height = base + 0.07 * np.sin(TAU * u * laps + waves)
        for number in range(count):
            top = 0.84 - height[number]
            ink = mix(colour(0.4), colour(0.72), number / count)
            board.box(left[number], top, left[number] + width, 0.84, ink, 0.014)
        shift = u * 2
        t = np.linspace(0, 1, 80)
        drawn = ease(min(1.0, (u % 1) * 1.6)) if u < 0.8 else 1 - ease((u - 0.8) * 5)
        path_x = 0.16 + t * (kit.aspect - 0.36)
        trend = np.interp(t, np.linspace(0, 1, count), height)
        path_y = 0.7 - trend * 1.12 - 0.03 * np.sin(TAU * (t * 3 - shift))
        seen = max(2, int(drawn * 80))
        path = np.stack([path_x, path_y], 1)[:seen]
        board.line(path, 0.013, colour(0.98))
        board.add(light, *path[-1])
        board.spot(path[-1], 0.018, (255, 255, 255), colour(0.9), 0.006)
        return board.picture()

    return paint
