"""Code, networks, circuits and falling glyphs."""

import numpy as np
from PIL import Image, ImageDraw

from demo.media.canvas import TAU, Colour, Kit, Painter, ease, mix


def editor(kit: Kit) -> Painter:
    """Code is typed, line by line, in a dark editor."""
    rng, colour = kit.rng, kit.palette.at
    back = kit.board(kit.sky([colour(0.3), colour(0.55), colour(0.35)], glow=0.1))
    left, top, right, bottom = 0.14, 0.1, kit.aspect - 0.14, 0.92
    shade = mix(colour(0.0), (12, 14, 22), 0.7)
    back.box(
        left + 0.012, top + 0.022, right + 0.012, bottom + 0.022, colour(0.12), 0.03
    )
    back.box(left, top, right, bottom, shade, 0.03)
    for k, ink in enumerate(((255, 95, 86), (255, 189, 46), (39, 201, 63))):
        back.disc(left + 0.05 + 0.04 * k, top + 0.045, 0.012, ink)
    inks = [colour(0.62), colour(0.8), colour(0.97), (214, 220, 235)]
    pitch, rows = 0.052, 34
    lines = _lines_of_code(rng, left + 0.11, right - 0.06, inks, rows)
    visible = 14

    def paint(u: float) -> Image.Image:
        board = kit.board(back.image)
        position = u * rows
        current = int(position)
        typed = ease(position % 1 * 1.3)
        for row in range(visible):
            number = current - visible + 1 + row
            y = top + 0.13 + pitch * row
            words = lines[number % rows]
            if row == visible - 1:
                board.box(
                    left, y - 0.016, right, y + 0.036, mix(shade, (255, 255, 255), 0.03)
                )
            board.box(
                left + 0.03,
                y,
                left + 0.062,
                y + 0.02,
                mix(shade, (255, 255, 255), 0.08),
                0.01,
            )
            limit = right
            if row == visible - 1 and words:
                limit = words[0][0] + (words[-1][1] - words[0][0]) * typed
            for start, end, ink in words:
                if start < limit:
                    board.box(start, y, min(end, limit), y + 0.02, ink, 0.01)
            if row == visible - 1 and (u * 24) % 1 < 0.6:
                cursor = (limit if words else left + 0.11) + 0.008
                board.box(cursor, y - 0.008, cursor + 0.01, y + 0.03, (255, 255, 255))
        return board.picture()

    return paint


def _lines_of_code(
    rng: np.random.Generator, left: float, right: float, inks: list[Colour], rows: int
) -> list[list[tuple[float, float, Colour]]]:
    """Words of each line: where they begin and end, and their colour."""
    lines: list[list[tuple[float, float, Colour]]] = []
    indent = 0
    for _ in range(rows):
        indent = int(np.clip(indent + rng.choice([-1, 0, 0, 1, 1]), 0, 4))
        words = []
        if rng.random() > 0.12:
            at = left + indent * 0.06
            for _ in range(int(rng.integers(1, 6))):
                long = rng.uniform(0.035, 0.19)
                if at + long > right:
                    break
                words.append((at, at + long, inks[int(rng.integers(4))]))
                at += long + 0.022
        lines.append(words)
    return lines


def network(kit: Kit) -> Painter:
    """Signals run through the layers of a neural network."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.0), colour(0.15), colour(0.03)])
    sizes = [int(n) for n in rng.choice([4, 5, 6, 7, 8], 5)]
    xs = np.linspace(0.24, kit.aspect - 0.24, len(sizes))
    nodes = [
        [(x, 0.5 + (k - (n - 1) / 2) * min(0.14, 0.84 / n)) for k in range(n)]
        for x, n in zip(xs, sizes, strict=True)
    ]
    still = kit.board(sky)
    edges = []
    for layer in range(len(sizes) - 1):
        for a in nodes[layer]:
            for b in nodes[layer + 1]:
                weight = rng.random()
                still.line(
                    np.array([a, b]),
                    0.0015 + 0.002 * weight,
                    colour(0.2 + 0.25 * weight),
                )
                edges.append((layer, np.array(a), np.array(b), rng.random(), weight))
    glow = kit.glow(0.1, mix((0, 0, 0), colour(0.8), 0.8))
    spark = kit.glow(0.03, colour(0.95))
    waves = 2
    phases = [rng.random(n) * 0.12 for n in sizes]

    def paint(u: float) -> Image.Image:
        board = kit.board(still.image)
        front = u * waves % 1 * (len(sizes) + 1) - 0.5
        for layer, a, b, jitter, weight in edges:
            along = front - layer - jitter * 0.4
            if 0 < along < 1 and weight > 0.35:
                at = a + (b - a) * ease(along)
                tail = a + (b - a) * ease(max(0, along - 0.2))
                board.line(np.stack([tail, at]), 0.004, colour(0.7))
                board.add(spark, *at)
        for layer, column in enumerate(nodes):
            for number, (x, y) in enumerate(column):
                heat = np.exp(-6 * abs(front - layer - phases[layer][number]))
                if heat > 0.08:
                    board.add(glow, x, y)
                board.disc(
                    x,
                    y,
                    0.026 + 0.01 * heat,
                    mix(colour(0.3), colour(1.0), heat),
                    colour(0.85),
                    0.005,
                )
        return board.picture()

    return paint


def circuit(kit: Kit) -> Painter:
    """Pulses travel over the traces of a board towards a chip."""
    rng, colour = kit.rng, kit.palette.at
    still = kit.board(kit.sky([colour(0.1), colour(0.18), colour(0.08)]))
    cx, cy = kit.aspect / 2, 0.5
    traces = []
    for side in range(4):
        for pin in range(9):
            offset = (pin - 4) * 0.036
            way = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]][side], dtype=float)
            cross = np.array([-way[1], way[0]])
            start = np.array([cx, cy]) + way * 0.19 + cross * offset
            first = start + way * (0.05 + 0.022 * abs(pin - 4))
            spread = cross * np.sign(offset or 0.01) * rng.uniform(0.03, 0.2)
            second = first + spread + way * np.hypot(*spread)
            third = second + way * rng.uniform(0.1, 0.5)
            path = np.stack([start, first, second, third])
            traces.append((path, rng.random(), int(rng.integers(1, 4))))
            still.line(path, 0.008, colour(0.36))
            still.spot(third, 0.014, colour(0.5), colour(0.3), 0.004)
    for _ in range(26):
        x, y = rng.uniform(0.05, kit.aspect - 0.05), rng.uniform(0.05, 0.95)
        if abs(x - cx) > 0.5:
            still.box(x, y, x + 0.05, y + 0.024, colour(0.05), 0.004)
            still.box(x - 0.008, y, x + 0.006, y + 0.024, colour(0.75))
            still.box(x + 0.044, y, x + 0.058, y + 0.024, colour(0.75))
    chip = colour(0.02)
    spark = kit.glow(0.05, mix((0, 0, 0), colour(1.0), 0.9))
    heart = kit.glow(0.22, mix((0, 0, 0), colour(0.7), 0.6))
    t = np.linspace(0, 1, 4)

    def paint(u: float) -> Image.Image:
        board = kit.board(still.image)
        for path, start, laps in traces:
            along = (start + u * laps) % 1
            where = 1 - ease(along)
            x, y = np.interp(where, t, path[:, 0]), np.interp(where, t, path[:, 1])
            back = min(1.0, where + 0.12)
            tx, ty = np.interp(back, t, path[:, 0]), np.interp(back, t, path[:, 1])
            board.line(np.array([[tx, ty], [x, y]]), 0.007, colour(0.85))
            board.add(spark, x, y)
        for pin in range(9):
            at = (pin - 4) * 0.036
            for a, b in ((at, 0.19), (at, -0.19), (0.19, at), (-0.19, at)):
                board.box(
                    cx + a - 0.012,
                    cy + b - 0.012,
                    cx + a + 0.012,
                    cy + b + 0.012,
                    (190, 196, 204),
                )
        board.box(cx - 0.18, cy - 0.18, cx + 0.18, cy + 0.18, chip, 0.02)
        beat = 0.5 + 0.5 * np.sin(TAU * u * 3)
        board.add(heart, cx, cy)
        lit = mix(colour(0.5), colour(1.0), beat)
        board.box(cx - 0.08, cy - 0.08, cx + 0.08, cy + 0.08, lit, 0.02)
        board.box(cx - 0.066, cy - 0.066, cx + 0.066, cy + 0.066, chip, 0.014)
        return board.picture()

    return paint


def glyphs(kit: Kit) -> Painter:
    """Columns of invented glyphs rain behind a lock that turns."""
    rng, colour = kit.rng, kit.palette.at
    rows, columns = 24, 43
    bits = rng.random((40, 5, 3)) < 0.55
    fall = rng.integers(1, 4, columns)
    start = rng.random(columns)
    which = rng.integers(0, 40, (rows, columns))
    cell_rows, cell_columns = 9, 9
    padded = np.zeros((40, cell_rows, cell_columns), np.float32)
    padded[:, 2:7, 1:7] = np.repeat(bits, 2, 2)
    row_index = np.arange(rows)[:, None] / rows
    cx = kit.aspect / 2
    glow = kit.glow(0.36, mix((0, 0, 0), colour(0.4), 0.5), 1.2)
    pale = mix(colour(0.9), (255, 255, 255), 0.4)

    def paint(u: float) -> Image.Image:
        depth = (u * fall + start - row_index) % 1
        light = np.exp(-5.5 * depth) * 0.8 + (depth < 0.045) * 0.35
        light = light.astype(np.float32)
        change = (which + (int(u * 12) * (row_index * 7 % 1 > 0.6)).astype(int)) % 40
        field = padded[change] * light[:, :, None, None] + 0.03
        field = field.transpose(0, 2, 1, 3).reshape(rows * cell_rows, -1)
        crop = field[: rows * cell_rows, : round(rows * cell_rows * kit.aspect)]
        rain = kit.shade(crop.astype(np.float32))
        board = kit.board(rain)
        board.add(glow, cx, 0.5)
        for ring in range(3):
            radius = 0.24 + 0.055 * ring
            box = [
                (v) * board.scale
                for v in (cx - radius, 0.5 - radius, cx + radius, 0.5 + radius)
            ]
            way = (-1) ** ring
            for gap in range(3 + ring):
                turn = 360 * (way * u + gap / (3 + ring))
                span = 360 / (3 + ring) * 0.72
                board.draw.arc(
                    box,
                    turn,
                    turn + span,
                    colour(0.6 + 0.15 * ring),
                    round(0.014 * board.scale),
                )
        shackle = [v * board.scale for v in (cx - 0.065, 0.35, cx + 0.065, 0.49)]
        board.draw.arc(shackle, 180, 360, pale, round(0.022 * board.scale))
        board.box(cx - 0.065, 0.41, cx - 0.043, 0.47, pale)
        board.box(cx + 0.043, 0.41, cx + 0.065, 0.47, pale)
        board.box(cx - 0.095, 0.46, cx + 0.095, 0.61, pale, 0.02)
        board.disc(cx, 0.525, 0.018, colour(0.1))
        board.box(cx - 0.007, 0.53, cx + 0.007, 0.572, colour(0.1))
        return board.picture()

    return paint


def devices(kit: Kit) -> Painter:
    """A phone turns under changing light; its screen plays colour."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.5), colour(0.85), colour(0.65)])
    cx, cy = kit.aspect / 2, 0.5
    tiles = [(r, c, int(rng.integers(2, 6))) for r in range(5) for c in range(3)]
    wave = rng.random() * TAU
    back = kit.board(sky)
    back.add(kit.glow(0.7, (60, 60, 60), 1.4), cx - 0.2, 0.2)

    def paint(u: float) -> Image.Image:
        board = kit.board(back.image)
        turn = 0.5 * np.sin(TAU * u)
        squeeze, skew = np.cos(turn), np.sin(turn)

        def place(px: np.ndarray, py: np.ndarray) -> np.ndarray:
            depth = 1 + 0.35 * px * skew
            return np.stack([cx + px * squeeze / depth, cy + py / depth], 1)

        def panel(x0: float, y0: float, x1: float, y1: float, r: float) -> np.ndarray:
            a = np.linspace(0, TAU / 4, 7)
            ox = np.concatenate(
                [
                    x1 - r + r * np.cos(a),
                    x0 + r - r * np.sin(a),
                    x0 + r - r * np.cos(a),
                    x1 - r + r * np.sin(a),
                ]
            )
            oy = np.concatenate(
                [
                    y1 - r + r * np.sin(a),
                    y1 - r + r * np.cos(a),
                    y0 + r - r * np.sin(a),
                    y0 + r - r * np.cos(a),
                ]
            )
            return place(ox, oy)

        shadow = panel(-0.21, -0.4, 0.21, 0.4, 0.05) * [1, 1] + [0.03, 0.035]
        board.polygon(shadow, mix(colour(0.5), colour(0.2), 0.5))
        thick = np.array([0.018 * skew, 0])
        board.polygon(panel(-0.21, -0.4, 0.21, 0.4, 0.05) + thick, colour(0.2))
        board.polygon(panel(-0.21, -0.4, 0.21, 0.4, 0.05), (16, 17, 22))
        board.polygon(panel(-0.195, -0.385, 0.195, 0.385, 0.038), colour(0.08))
        for row, column, laps in tiles:
            x0, y0 = -0.17 + column * 0.117, -0.31 + row * 0.134
            beat = 0.5 + 0.5 * np.sin(TAU * (u * (laps - 1)) + wave + row + column * 2)
            ink = mix(colour(0.3), colour(0.95), beat)
            grow = 0.006 * beat
            board.polygon(
                panel(x0 - grow, y0 - grow, x0 + 0.104 + grow, y0 + 0.11 + grow, 0.02),
                ink,
            )
        board.polygon(panel(-0.05, -0.368, 0.05, -0.345, 0.011), (10, 10, 12))
        shine = place(
            np.array([-0.15, -0.02, 0.1, -0.03]) + 0.06 * skew,
            np.array([0.385, -0.385, -0.385, 0.385]),
        )
        gloss = ImageDraw.Draw(board.image, "RGBA")
        flat = (shine * board.scale).ravel().tolist()
        gloss.polygon(flat, fill=(255, 255, 255, 22))
        return board.picture()

    return paint
