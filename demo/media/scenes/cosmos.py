"""Star fields, galaxies, planets and night skies."""

import numpy as np
from PIL import Image, ImageDraw

from demo.media.canvas import TAU, Board, Floats, Kit, Painter, hills, mix


def stars(kit: Kit, count: int = 260) -> Image.Image:
    """A still sky for other scenes: dark gradient, nebula haze and stars."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.0), mix(colour(0.0), colour(0.3), 0.5), colour(0.06)])
    board = kit.board(sky)
    for _ in range(5):
        haze = mix((0, 0, 0), colour(rng.uniform(0.3, 0.7)), 0.06)
        board.add(
            kit.glow(rng.uniform(0.4, 0.8), haze, 1.3),
            rng.uniform(0, kit.aspect),
            rng.uniform(0, 1),
        )
    for x, y, size in rng.random((count, 3)):
        tint = mix((255, 255, 255), colour(0.8), rng.random() * 0.6)
        light = mix((0, 0, 0), tint, 0.15 + 0.85 * size**3)
        board.disc(x * kit.aspect, y, 0.0012 + 0.0035 * size**6, light)
    return board.image


def warp(kit: Kit) -> Painter:
    """Flight through a star field, with streaks that lengthen towards the edge."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.0), mix((0, 0, 0), colour(0.2), 0.4), colour(0.0)])
    heart = kit.glow(0.6, mix((0, 0, 0), colour(0.5), 0.35), 2)
    count = 190
    angle, spread = rng.random(count) * TAU, rng.uniform(0.08, 1.3, count)
    depth, tint = rng.random(count), rng.random(count)
    inks = [mix((255, 255, 255), colour(0.7), t) for t in tint]
    turn = rng.choice([-1, 1]) * 0.35

    def paint(u: float) -> Image.Image:
        board = kit.board(sky)
        cx = kit.aspect / 2 + 0.06 * np.sin(TAU * u)
        cy = 0.5 + 0.05 * np.cos(TAU * u)
        board.add(heart, cx, cy)
        z = (depth - u * 2) % 1 + 0.04
        a = angle + turn * np.sin(TAU * u) * 0.2
        near, far = 0.16 * spread / z, 0.16 * spread / (z + 0.05)
        rays = np.stack([np.cos(a), np.sin(a)], 1)
        ends = np.stack([far[:, None] * rays, near[:, None] * rays], 1) + [cx, cy]
        fade = np.minimum(1.0, (1.04 - z) * 1.6).tolist()
        width = (0.0022 + 0.006 * (1 - z) ** 3).tolist()
        for number in np.flatnonzero(far < 1.3).tolist():
            ink = mix((0, 0, 0), inks[number], fade[number])
            board.line(ends[number], width[number], ink)
        return board.picture()

    return paint


def galaxy(kit: Kit) -> Painter:
    """A spiral of a few thousand stars turning about a bright core."""
    rng = kit.rng
    count, arms = 6500, int(rng.integers(2, 5))
    radius = rng.gamma(2.2, 0.17, count).astype(np.float32)
    arm = rng.integers(0, arms, count) / arms * TAU
    winding = rng.uniform(3.2, 4.8) * rng.choice([-1, 1])
    scatter = rng.normal(0, 0.22 / (0.35 + radius))
    angle = arm + winding * np.sqrt(radius) + scatter
    light = rng.uniform(0.25, 1.0, count) * np.exp(-radius * 0.7)
    tilt, roll = rng.uniform(0.38, 0.6), rng.uniform(-0.6, 0.6)
    rows = 270
    columns = round(rows * kit.aspect)
    x, y = kit.grid(rows)
    core_x, core_y = x - kit.aspect / 2, y - 0.5
    across = core_x * np.cos(roll) + core_y * np.sin(roll)
    down = (core_y * np.cos(roll) - core_x * np.sin(roll)) / tilt
    distance = np.hypot(across, down)
    core = 0.8 * np.exp(-distance * 9) + 0.3 * np.exp(-distance * 3.2)
    field = np.zeros((rows, columns), np.float32)
    backdrop = rng.random((rows, columns)).astype(np.float32) ** 90 * 0.7
    # Arms look alike after a turn by one arm: a whole loop.
    lap = TAU / arms * -np.sign(winding)

    def paint(u: float) -> Image.Image:
        # Blending two copies one lap apart hides the seam of the scattered stars.
        values: Floats = field + backdrop + core
        for shift, weight in ((0.0, 1 - u), (-1.0, u)):
            a = angle + lap * (u + shift)
            flat_x, flat_y = radius * np.cos(a), radius * np.sin(a) * tilt
            px = flat_x * np.cos(roll) - flat_y * np.sin(roll) + kit.aspect / 2
            py = flat_x * np.sin(roll) + flat_y * np.cos(roll) + 0.5
            column = (px * rows).astype(np.int32)
            row = (py * rows).astype(np.int32)
            inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
            where = row[inside] * columns + column[inside]
            hits = np.bincount(where, light[inside] * weight, rows * columns)
            values = values + 0.55 * hits.reshape(rows, columns).astype(np.float32)
        return kit.shade(1 - np.exp(-1.5 * values))

    return paint


def planet(kit: Kit, *, rocket: bool = False) -> Painter:
    """A banded or cratered world turning in the light of a star, often with a ring."""
    rng, palette = kit.rng, kit.palette
    radius = rng.uniform(0.27, 0.36)
    cx, cy = rng.uniform(0.42, 0.58) * kit.aspect, rng.uniform(0.46, 0.56)
    size = round(radius * 2 * kit.height)  # texture at half the board's resolution
    row, column = np.mgrid[0:size, 0:size].astype(np.float32)
    px, py = (column + 0.5) / size * 2 - 1, (row + 0.5) / size * 2 - 1
    squared = px**2 + py**2
    pz = np.sqrt(np.clip(1 - squared, 0, 1))
    light = rng.uniform(-0.75, -0.4), -0.4, 0.65
    lit = np.clip(px * light[0] + py * light[1] + pz * light[2], 0, 1)
    texture = _planet_texture(rng, banded=bool(rng.random() < 0.6))
    rows, columns = texture.shape
    latitude = (np.arcsin(np.clip(py, -1, 1)) / np.pi + 0.5) * (rows - 1)
    longitude = np.arctan2(px, np.maximum(pz, 1e-6)) / TAU
    mask = Image.new("L", (size * 2, size * 2))
    ImageDraw.Draw(mask).ellipse((1, 1, size * 2 - 2, size * 2 - 2), fill=255)
    ring = rng.random() < 0.6 and not rocket
    back = kit.board(stars(kit))
    halo = mix((0, 0, 0), palette.at(0.6), 0.35)
    back.add(kit.glow(radius * 1.9, halo, 1.6), cx, cy)
    moon_far = rng.uniform(0.55, 0.72)
    shine = (0.06 + 0.94 * lit**0.8)[:, :, None]
    latitude_index = latitude.astype(np.int32)
    ramp = palette.ramp

    def globe(u: float) -> Image.Image:
        across = ((longitude + u) % 1 * columns).astype(np.int32) % columns
        tone = texture[latitude_index, across]
        pixels = ramp[(tone * 200 + 50).astype(np.uint8)] * shine
        image = Image.fromarray(pixels.astype(np.uint8))
        return image.resize(mask.size, Image.Resampling.BILINEAR)

    def rings(board: Board, front: bool) -> None:
        half = np.linspace(0, np.pi, 40) + (0 if front else np.pi)
        for number in range(7):
            reach = radius * (1.35 + number * 0.09)
            ink = mix(palette.at(0.25), palette.at(0.9), 0.5 + 0.5 * np.cos(number * 2))
            line_x = cx + reach * np.cos(half) * 0.98
            line_y = cy + reach * (0.26 * np.sin(half) - 0.16 * np.cos(half))
            board.line(np.stack([line_x, line_y], 1), 0.01, ink)

    def paint(u: float) -> Image.Image:
        board = kit.board(back.image)
        if ring:
            rings(board, front=False)
        at = round((cx - radius) * board.scale), round((cy - radius) * board.scale)
        board.image.paste(globe(u), at, mask)
        if ring:
            rings(board, front=True)
        turn = TAU * u + 0.6
        moon = cx + moon_far * np.cos(turn), cy - 0.22 * moon_far * np.sin(turn) - 0.1
        if np.sin(turn) < 0 or abs(moon[0] - cx) > radius:
            board.spot(moon, 0.035, palette.at(0.75))
            board.disc(moon[0] + 0.008, moon[1] + 0.006, 0.027, palette.at(0.5))
        if rocket:
            _rocket(kit, board, cx, cy, radius + 0.16, u)
        return board.picture()

    return paint


def _planet_texture(rng: np.random.Generator, banded: bool) -> Floats:
    """Tones 0..1 (128, 256), seamless round the equator."""
    y, x = np.mgrid[0:128, 0:256].astype(np.float32)
    x, y = x / 256 * TAU, y / 128
    if banded:
        bend = sum(
            rng.uniform(0.01, 0.03)
            * np.sin(k * x + rng.random() * TAU + 14 * y * rng.random())
            for k in (1, 2, 3, 5)
        )
        at = (y + bend) * 90
        tone = np.interp(at, np.arange(128), rng.random(128))
        tone = 0.5 * tone + 0.5 * (0.5 + 0.5 * np.sin((y + bend) * 40))
    else:
        tone = 0.5 + sum(
            0.5
            / k
            * np.sin(k * x + rng.random() * TAU + 3 * np.sin(k * 3 * y + rng.random()))
            * np.cos(k * 4 * y + rng.random() * TAU)
            for k in (1, 2, 3, 5, 8)
        )
    tones: Floats = np.clip(tone, 0, 1).astype(np.float32)
    return tones


def _rocket(
    kit: Kit, board: Board, cx: float, cy: float, orbit: float, u: float
) -> None:
    """A small ship on an orbit, with its trail."""
    trail = TAU * (u - np.linspace(0, 0.17, 24))
    path = np.stack(
        [cx + orbit * 1.5 * np.cos(trail), cy + orbit * 0.8 * np.sin(trail)], 1
    )
    for number in range(len(path) - 1, 0, -1):
        fade = 1 - number / len(path)
        ink = mix(kit.palette.at(0.1), (255, 230, 170), fade)
        board.line(path[number - 1 : number + 1], 0.003 + 0.012 * fade, ink)
    ahead = path[0] - path[1]
    ahead = ahead / np.hypot(*ahead)
    side = np.array([-ahead[1], ahead[0]])
    nose, tail = path[0] + ahead * 0.06, path[0] - ahead * 0.02
    fins = [tail - side * 0.04 - ahead * 0.02, tail + side * 0.04 - ahead * 0.02]
    board.polygon(
        np.array([fins[0], path[0] + ahead * 0.02, fins[1]]), kit.palette.at(0.8)
    )
    hull = [nose, path[0] + side * 0.02, tail + side * 0.016]
    hull += [tail - side * 0.016, path[0] - side * 0.02]
    board.polygon(np.array(hull), (240, 244, 250))
    board.spot(path[0] + ahead * 0.02, 0.008, kit.palette.at(0.4))


def night(kit: Kit, *, moon: bool = False) -> Painter:
    """A clear night over dark hills: turning stars, a Milky Way, meteors or a moon."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.0), colour(0.18), colour(0.5)], glow=0.2)
    board = kit.board(sky)
    slope, offset = rng.uniform(-0.8, 0.8), rng.uniform(0.3, 0.6)
    haze = mix((0, 0, 0), colour(0.7), 0.05)
    for x in np.linspace(-0.1, kit.aspect + 0.1, 26):
        y = offset + slope * (x / kit.aspect - 0.5) + rng.normal(0, 0.03)
        board.add(kit.glow(rng.uniform(0.12, 0.26), haze, 1.2), x, y)
    count = 60
    pole = kit.aspect * rng.uniform(0.3, 0.7), 0.62
    far, turn = rng.uniform(0.05, 1.3, count), rng.random(count) * TAU
    size, speed = rng.random(count) ** 4, rng.integers(1, 4, count)
    x = np.linspace(0, kit.aspect, 90)
    land = 0.84 + 0.08 * hills(rng, x / kit.aspect / 2, 0.55, 5)
    ground = np.concatenate([np.stack([x, land], 1), [[kit.aspect, 1.1], [0, 1.1]]])
    trees = rng.uniform(0, kit.aspect, 46)
    moon_x = rng.uniform(0.25, 0.75) * kit.aspect
    for x0, y0, s0 in rng.random((150, 3)):
        light = mix((60, 70, 110), (255, 255, 255), s0)
        board.disc(x0 * kit.aspect, y0 * 0.9, 0.0012 + 0.002 * s0**3, light)
    if moon:
        board.add(kit.glow(0.45, mix((0, 0, 0), colour(1), 0.5), 2.2), moon_x, 0.3)
        board.disc(moon_x, 0.3, 0.1, mix(colour(1), (255, 255, 245), 0.6))
        for dx, dy, r in ((-0.03, -0.02, 0.02), (0.035, 0.03, 0.028)):
            crater = mix(colour(0.8), colour(1), 0.5)
            board.disc(moon_x + dx, 0.3 + dy, r, crater)
    base = board.image
    meteor = rng.random((3, 3))
    dark = mix((0, 0, 0), colour(0.05), 0.5)

    def paint(u: float) -> Image.Image:
        board = kit.board(base)
        # Stars rock a little about the pole: a whole turn would take hours.
        a = turn + 0.09 * np.sin(TAU * u)
        sx, sy = pole[0] + far * np.cos(a), pole[1] + far * np.sin(a)
        twinkle = 0.7 + 0.3 * np.sin(TAU * (u * speed * 2) + turn * 5)
        for number in range(count):
            light = mix((40, 50, 80), (255, 255, 255), twinkle[number])
            board.disc(sx[number], sy[number], 0.0018 + 0.0045 * size[number], light)
        for a0, b0, c0 in meteor:
            phase = (u - c0) % 1 * 6
            if phase < 1:
                head = np.array([a0 * kit.aspect - phase * 0.5, b0 * 0.4 + phase * 0.2])
                tail = head + np.array([0.16, -0.065]) * min(1, phase * 3)
                board.line(np.array([tail, head]), 0.004, (235, 240, 255))
        board.polygon(ground, dark)
        for number, at in enumerate(trees):
            level = float(np.interp(at, x, land)) + 0.015
            tall = 0.05 + 0.06 * (number % 5) / 4
            half = tall * 0.22
            tree = [[at - half, level], [at, level - tall], [at + half, level]]
            board.polygon(np.array(tree), dark)
        return board.picture()

    return paint
