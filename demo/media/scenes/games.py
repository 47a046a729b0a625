"""Pixel-art games that play themselves."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo.media.canvas import TAU, Colour, Kit, Painter, hills, mix

WIDE, HIGH = 160, 90
Pixels = NDArray[np.uint8]
Flags = NDArray[np.bool_]

HERO = (
    "..hhhhhh..",
    ".hhhhhhhh.",
    "..hhffff..",
    "..hffhfh..",
    "..hfffff..",
    "...ffff...",
    "..bbbbbb..",
    ".bbbbbbbb.",
    "fb.bbbb.bf",
    "...bbbb...",
)
HERO_LEGS = (
    ("..pp..pp..", ".pp....pp.", "pp......p.", "pp......pp"),
    ("...pppp...", "...pp.pp..", "...pp.pp..", "...ppp.pp."),
)


def _enlarge(kit: Kit, screen: Pixels) -> Image.Image:
    """Big square pixels, (90, 160, 3) -> the picture."""
    size = kit.width, kit.height
    return Image.fromarray(screen).resize(size, Image.Resampling.NEAREST)


def _blit(screen: Pixels, sprite: Pixels, x: int, y: int, colour: Colour) -> None:
    """Set the pixels where the (h, w) sprite is not 0, clipped to the screen."""
    rows, columns = np.nonzero(sprite)
    rows, columns = rows + y, columns + x
    inside = (rows >= 0) & (rows < HIGH) & (columns >= 0) & (columns < WIDE)
    screen[rows[inside], columns[inside]] = colour


def _creature(rng: np.random.Generator, size: int = 8) -> Pixels:
    """A mirrored sprite: every seed breeds another creature."""
    half = rng.random((size, size // 2)) < 0.55
    half[size // 3, -1] = False  # the eyes
    half[1:-1, -1] |= rng.random(size - 2) < 0.6
    return np.concatenate([half, half[:, ::-1]], 1).astype(np.uint8)


def platformer(kit: Kit) -> Painter:
    """A runner leaps over blocks and gathers coins before parallax hills."""
    rng, colour = kit.rng, kit.palette.at
    rows = np.linspace(0.35, 0.95, HIGH)
    bands = np.round(rows * 9) / 9
    sky = np.repeat(np.array([colour(b) for b in bands])[:, None], WIDE, 1)
    sky = sky.astype(np.uint8)
    length = 320  # the level, in pixels; one loop runs through it
    x = np.arange(length) / length
    # The far hills pass at half the speed: half the level is their period.
    far = (52 - 14 * hills(rng, x * 2 % 1, 0.5, 4)).astype(int)
    near = (64 - 9 * hills(rng, x, 0.55, 5)).astype(int)
    ground = 76
    blocks = [40 + 64 * k + int(rng.integers(0, 14)) for k in range(length // 64)]
    coins = [(b + 4, 34 + int(rng.integers(0, 5))) for b in blocks]
    coins += [(b + 30, 60) for b in blocks]
    inks = {
        "h": colour(0.02),
        "f": mix(colour(1.0), (255, 214, 170), 0.7),
        "b": (255, 255, 255),
        "p": colour(0.2),
    }
    hero = [[*HERO, *legs] for legs in HERO_LEGS]
    column = np.arange(HIGH)[:, None]
    star_x, star_y = rng.integers(0, WIDE, 26), rng.integers(0, 40, 26)
    at_screen = 44

    def paint(u: float) -> Image.Image:
        camera = round(u * length)
        screen = sky.copy()
        screen[star_y, star_x] = colour(1.0)
        ahead = np.arange(WIDE)
        screen[column >= far[(ahead + camera // 2) % length]] = colour(0.3)
        screen[column >= near[(ahead + camera) % length]] = colour(0.17)
        screen[ground:] = colour(0.06)
        screen[ground : ground + 3] = colour(0.62)
        screen[ground + 3 : ground + 5][:, (ahead + camera) % 4 < 2] = colour(0.62)
        position = (camera + at_screen) % length
        lift = 0.0
        for block in blocks:
            left = (block - camera + length // 2) % length - length // 2
            for cell in range(2):
                top = ground - 8 * (cell + 1)
                area = slice(max(0, left), max(0, left + 8))
                screen[top : top + 8, area] = colour(0.72)
                inner = slice(max(0, left + 1), max(0, left + 7))
                screen[top + 1 : top + 7, inner] = colour(0.5)
            gap = (position - block + 22 + length) % length
            if gap < 48:
                lift = 34 * np.sin(np.pi * gap / 48)
        for coin_x, coin_y in coins:
            left = (coin_x - camera + length // 2) % length - length // 2
            if left > at_screen:
                width = 1 + round(2 * abs(np.sin(TAU * u * 6 + coin_x)))
                area = slice(max(0, left - width), max(0, left + width))
                screen[coin_y : coin_y + 6, area] = colour(1.0)
        pose = hero[0 if lift > 0 else (camera // 6) % 2]
        top = ground - len(pose) - round(lift)
        for row, line in enumerate(pose):
            for across, mark in enumerate(line):
                if mark in inks:
                    screen[top + row, at_screen + across] = inks[mark]
        return _enlarge(kit, screen)

    return paint


def invaders(kit: Kit) -> Painter:
    """Rows of bred creatures march while a ship fires at them."""
    rng, colour = kit.rng, kit.palette.at
    ranks = [_creature(rng) for _ in range(4)]
    inks = [colour(0.95), colour(0.8), colour(0.65), colour(0.5)]
    star_x, star_y = rng.integers(0, WIDE, 50), rng.integers(0, HIGH, 50)
    star_v = rng.integers(1, 4, 50)
    shots = np.sort(rng.random(10))
    targets = rng.integers(0, 8, 10), rng.integers(0, 4, 10)
    ship = np.array([[int(c) for c in r] for r in ("0001000", "0011100", "1111111")])
    ship = np.kron(ship, np.ones((2, 2), int)).astype(np.uint8)

    def paint(u: float) -> Image.Image:
        screen = np.full((HIGH, WIDE, 3), colour(0.0), np.uint8)
        screen[(star_y + (u * HIGH * star_v).astype(int)) % HIGH, star_x] = colour(0.35)
        sway = round(14 * np.sin(TAU * u))
        ship_x = round(WIDE / 2 + 46 * np.sin(TAU * u * 2) + 12 * np.sin(TAU * u * 3))
        gone = set()
        for number, start in enumerate(shots):
            age = (u - start) % 1
            cell = int(targets[0][number]), int(targets[1][number])
            at_x = 22 + cell[0] * 15 + sway + 4
            at_y = 8 + cell[1] * 13 + 4
            if age < 0.07:
                y = round(80 - (80 - at_y) * age / 0.07)
                screen[max(0, y - 4) : y, at_x : at_x + 1] = colour(1.0)
            elif age < 0.13:
                gone.add(cell)
                reach = round((age - 0.07) * 120)
                _burst(screen, at_x, at_y, reach, colour(0.9))
            elif age < 0.45:
                gone.add(cell)
        for rank, creature in enumerate(ranks):
            body = creature if round(u * 24) % 2 else np.roll(creature, 1, 0)
            for file in range(8):
                if (file, rank) not in gone:
                    x, y = 22 + file * 15 + sway, 8 + rank * 13
                    _blit(screen, body, x, y, inks[rank])
        _blit(screen, ship, ship_x - 7, 80, colour(1.0))
        screen[88:] = colour(0.6)
        return _enlarge(kit, screen)

    return paint


def _burst(screen: Pixels, x: int, y: int, reach: int, ink: Colour) -> None:
    """Eight sparks round (x, y)."""
    for turn in np.arange(8) * TAU / 8:
        px, py = x + reach * np.cos(turn), y + reach * np.sin(turn)
        if 0 <= px < WIDE and 0 <= py < HIGH:
            screen[int(py), int(px)] = ink


def life(kit: Kit) -> Painter:
    """Conway's Game of Life on a torus; cells glow with age and fade when they die."""
    rng = kit.rng
    rows, columns, steps = 45, 80, 60
    alive = rng.random((rows, columns)) < 0.3
    if rng.random() < 0.5:
        alive |= alive[:, ::-1]
    heat = alive.astype(np.float32)
    frames = []
    # The first generations are noise; they pass unseen.
    for generation in range(-14, steps):
        near = sum(
            np.roll(alive, (i, j), (0, 1)).astype(np.int8)
            for i in (-1, 0, 1)
            for j in (-1, 0, 1)
            if i or j
        )
        alive = (near == 3) | (alive & (near == 2))
        heat = np.where(alive, np.minimum(1, 0.72 + heat * 0.3), heat * 0.86)
        if generation >= 0:
            frames.append((heat * 255).astype(np.uint8))
    # Fade the last steps into the first ones, so that the loop has no seam.
    for number in range(12):
        old = frames[steps - 12 + number].astype(float)
        blend = old * (1 - number / 12) + frames[0] * (number / 12)
        frames[steps - 12 + number] = blend.astype(np.uint8)
    cell = kit.height // rows
    ramp = kit.palette.ramp
    pad = max(1, cell // 6)

    def paint(u: float) -> Image.Image:
        index = frames[int(u * steps) % steps]
        big = np.zeros((rows, cell, columns, cell), np.uint8)
        big[:, pad:, :, pad:] = index[:, None, :, None]
        flat = big.reshape(rows * cell, columns * cell)
        image = Image.fromarray(ramp[flat])
        size = kit.width, kit.height
        return image if image.size == size else image.resize(size)

    return paint


def maze(kit: Kit) -> Painter:
    """A light finds its way through a maze, and its search glows behind it."""
    rng, colour = kit.rng, kit.palette.at
    rows, columns = 18, 32
    open_right, open_down = _passages(rng, rows, columns)
    distance = _steps_from_middle(open_right, open_down)
    far = distance.max()
    # 5 pixels a cell, the fifth being the wall.
    level = np.zeros((HIGH, WIDE), np.float32)
    wall = np.ones((HIGH, WIDE), bool)
    for row in range(rows):
        for column in range(columns):
            y, x = row * 5, column * 5
            down = 5 if open_down[row, column] else 4
            right = 5 if open_right[row, column] else 4
            wall[y : y + down, x : x + 4] = False
            wall[y : y + 4, x : x + right] = False
            level[y : y + 5, x : x + 5] = distance[row, column] / far
    ramp = kit.palette.ramp

    def paint(u: float) -> Image.Image:
        wave = (level - u * 1.0) % 1
        glow = np.exp(-6 * ((1 - wave) % 1)) * 0.75 + np.exp(-3 * wave) * 0.2 + 0.05
        screen = ramp[np.clip(glow * 255, 0, 255).astype(np.uint8)]
        screen[wall] = colour(0.0)
        return _enlarge(kit, screen)

    return paint


def _passages(rng: np.random.Generator, rows: int, columns: int) -> tuple[Flags, Flags]:
    """A random maze: which cells are open to the right, and which downwards."""
    open_right = np.zeros((rows, columns), bool)
    open_down = np.zeros((rows, columns), bool)
    seen = np.zeros((rows, columns), bool)
    stack = [(0, 0)]
    seen[0, 0] = True
    while stack:
        row, column = stack[-1]
        ways = []
        for dr, dc in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            r, c = row + dr, column + dc
            if 0 <= r < rows and 0 <= c < columns and not seen[r, c]:
                ways.append((r, c))
        if not ways:
            stack.pop()
            continue
        r, c = ways[rng.integers(len(ways))]
        if r == row:
            open_right[row, min(c, column)] = True
        else:
            open_down[min(r, row), column] = True
        seen[r, c] = True
        stack.append((r, c))
    return open_right, open_down


def _steps_from_middle(open_right: Flags, open_down: Flags) -> np.ndarray:
    """How many steps each cell is from the middle of the maze."""
    rows, columns = open_right.shape
    distance = np.full((rows, columns), -1)
    distance[rows // 2, columns // 2] = 0
    ring = [(rows // 2, columns // 2)]
    while ring:
        following = []
        for row, column in ring:
            doors = (
                (row, column + 1, open_right[row, column]),
                (row, column - 1, column > 0 and open_right[row, column - 1]),
                (row + 1, column, open_down[row, column]),
                (row - 1, column, row > 0 and open_down[row - 1, column]),
            )
            for r, c, free in doors:
                if free and distance[r, c] < 0:
                    distance[r, c] = distance[row, column] + 1
                    following.append((r, c))
        ring = following
    return distance
