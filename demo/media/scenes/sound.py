"""Music made visible: a piano roll, a spectrum and vibrating ridge lines."""

import numpy as np
from PIL import Image

from demo.media.canvas import TAU, Board, Kit, Painter, ease, mix


def piano_roll(kit: Kit) -> Painter:
    """Notes fall onto a keyboard, whose keys light up."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.0), mix(colour(0.0), colour(0.25), 0.6)])
    keys, floor = 28, 0.8
    step = kit.aspect / keys
    notes = _melody(rng, keys)
    # A loop is two screens of music: 1.6 heights per loop.
    travel = 1.6
    inks = [mix(colour(0.45), colour(0.95), k / (keys - 1)) for k in range(keys)]
    lights = [kit.glow(0.16, mix((0, 0, 0), ink, 0.7)) for ink in inks]
    black = {1, 3, 6, 8, 10}
    keyboard = _white_keys(kit, keys, step, floor)
    below = 0, round(floor * keyboard.scale), *keyboard.image.size
    ivory = keyboard.image.crop(below)

    def paint(u: float) -> Image.Image:
        board = kit.board(sky)
        pressed = set()
        for start, key, length in notes:
            until = (start - u) % 1  # how much of the loop until it is struck
            tall = length * travel
            for bottom in (floor - until * travel, floor - (until - 1) * travel):
                top = bottom - tall
                if bottom > floor:
                    if top < floor:
                        pressed.add(key)
                    bottom = floor
                board.box(
                    key * step + 0.006,
                    top,
                    (key + 1) * step - 0.006,
                    bottom,
                    inks[key],
                    0.016,
                )
        board.image.paste(ivory, (0, round(floor * board.scale)))
        for key in sorted(pressed):
            left, right = key * step + 0.002, (key + 1) * step - 0.002
            board.box(left, floor + 0.008, right, 1.1, inks[key])
        for key in range(keys):
            if key % 12 in black:
                left = key * step - step * 0.3
                board.box(left, floor, left + step * 0.6, 0.92, (22, 22, 30), 0.006)
        for key in sorted(pressed):
            board.add(lights[key], (key + 0.5) * step, floor)
        return board.picture()

    return paint


def _white_keys(kit: Kit, keys: int, step: float, top: float) -> Board:
    board = kit.board((18, 18, 24))
    for key in range(keys):
        left, right = key * step + 0.002, (key + 1) * step - 0.002
        board.box(left, top + 0.008, right, 1.1, (238, 238, 242))
    return board


def _melody(rng: np.random.Generator, keys: int) -> list[tuple[float, int, float]]:
    """Notes of a loop: when each is struck, its key and its length."""
    notes: list[tuple[float, int, float]] = []
    beats = 32
    at = int(rng.integers(8, 20))
    for beat in range(beats):
        at = int(np.clip(at + rng.integers(-4, 5), 3, keys - 4))
        notes.append((beat / beats, at, rng.choice([0.03, 0.045, 0.09])))
        if beat % 4 == 0:
            notes += [(beat / beats, int(rng.integers(0, 9)), 0.11)]
        if rng.random() < 0.3:
            notes.append((beat / beats, min(keys - 1, at + 4), 0.04))
    return notes


def spectrum(kit: Kit) -> Painter:
    """Bars round a pulsing disc, dancing to four beats a loop."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.02), colour(0.22), colour(0.04)])
    back = kit.board(sky)
    halo = kit.glow(0.75, mix((0, 0, 0), colour(0.5), 0.55), 1.8)
    back.add(halo, kit.aspect / 2, 0.5)
    bars = 72
    angle = np.arange(bars) / bars * TAU
    mirrored = np.abs(np.linspace(-1, 1, bars, endpoint=False))
    speeds, phases = rng.integers(1, 7, 5), rng.random(5) * TAU
    folds = rng.integers(1, 6, 5)
    inks = [mix(colour(0.55), colour(1.0), float(m)) for m in mirrored]
    beats = int(rng.choice([6, 8]))
    cx, cy = kit.aspect / 2, 0.5
    dust = rng.random((28, 3))

    def paint(u: float) -> Image.Image:
        beat = (1 - (u * beats) % 1) ** 3
        level = np.zeros(bars)
        for speed, phase, fold in zip(speeds, phases, folds, strict=True):
            level += np.sin(TAU * (u * speed + mirrored * fold) + phase)
        level = np.clip(0.5 + level / 5, 0.04, 1) ** 1.5 * (0.6 + 0.6 * beat)
        board = kit.board(back.image)
        for a, b, c in dust:
            r = 0.2 + ((b + u * (1 + int(c * 2))) % 1) * 0.9
            x, y = cx + r * np.cos(a * TAU), cy + r * np.sin(a * TAU)
            board.disc(x, y, 0.002 + 0.005 * c, colour(0.6))
        inner = 0.2 + 0.018 * beat
        for ring in range(3):
            spread = ((u * beats / 2 + ring / 3) % 1) * 0.4
            ink = mix(colour(0.6), colour(0.15), min(1.0, spread * 2.5))
            board.disc(cx, cy, inner + spread, None, ink, 0.004)
        outer = inner + 0.03 + 0.24 * level
        cos, sin = np.cos(angle + TAU / 4), np.sin(angle + TAU / 4)
        for number in range(bars):
            ends = [
                [cx + (inner + 0.02) * cos[number], cy + (inner + 0.02) * sin[number]],
                [cx + outer[number] * cos[number], cy + outer[number] * sin[number]],
            ]
            board.line(np.array(ends), 0.011, inks[number])
        board.disc(cx, cy, inner, colour(0.02), colour(0.95), 0.008)
        board.disc(cx, cy, inner * (0.5 + 0.16 * beat), colour(0.75))
        return board.picture()

    return paint


def strings(kit: Kit, *, lines: int = 22) -> Painter:
    """Ridge lines that swell in the middle, one in front of the other."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.0), mix(colour(0.0), colour(0.2), 0.5)])
    x = np.linspace(0, 1, 60)
    hump = np.exp(-(((x - 0.5) / 0.2) ** 2))
    waves = [
        (
            rng.uniform(2, 14, 4),
            rng.integers(1, 4, 4) * rng.choice([-1, 1], 4),
            rng.random(4),
        )
        for _ in range(lines)
    ]
    margin = 0.22
    across = margin + x * (kit.aspect - 2 * margin)
    beats = 8

    def paint(u: float) -> Image.Image:
        board = kit.board(sky)
        for number, (folds, speeds, phases) in enumerate(waves):
            wave = np.zeros_like(x)
            for fold, speed, phase in zip(folds, speeds, phases, strict=True):
                wave += np.sin(TAU * (fold * x + u * speed + phase))
            beat = ease(1 - (u * beats + number / lines) % 1)
            level = 0.2 + 0.68 * number / (lines - 1)
            y = level - hump * (np.abs(wave) * 0.042 + 0.02) * (0.6 + 0.7 * beat)
            line = np.stack([across, y], 1)
            foot = [[across[-1], level + 0.1], [across[0], level + 0.1]]
            board.polygon(np.concatenate([line, foot]), colour(0.02))
            ink = mix(colour(0.4), colour(1.0), number / lines * 0.6 + 0.4 * beat)
            board.line(line, 0.0065, ink)
        return board.picture()

    return paint
