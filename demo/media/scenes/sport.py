"""A pitch, a hoop, a runner and a climbing wall."""

import numpy as np
from PIL import Image

from demo.media.canvas import (
    TAU,
    Board,
    Colour,
    Kit,
    Painter,
    Palette,
    ease,
    hills,
    mix,
)


def pitch(kit: Kit) -> Painter:
    """A passing move seen from above, with the ball's trail and pressing defenders."""
    rng, colour = kit.rng, kit.palette.at
    grass = kit.board(colour(0.3))
    stripes = 12
    for number in range(0, stripes, 2):
        left = number * kit.aspect / stripes
        grass.box(left, 0, left + kit.aspect / stripes, 1, colour(0.36))
    chalk = mix(colour(0.9), (255, 255, 255), 0.6)
    middle = kit.aspect / 2
    for left, right in ((0.06, kit.aspect - 0.06), (0.06, 0.3), (0.06, 0.16)):
        top = 0.06 if right > 1 else (0.24 if right > 0.2 else 0.37)
        for side in (0, 1):
            a, b = (
                (left, right) if side == 0 else (kit.aspect - right, kit.aspect - left)
            )
            corners = [[a, top], [b, top], [b, 1 - top], [a, 1 - top], [a, top]]
            grass.line(np.array(corners), 0.006, chalk)
    grass.line(np.array([[middle, 0.06], [middle, 0.94]]), 0.006, chalk)
    grass.disc(middle, 0.5, 0.15, None, chalk, 0.006)
    home = rng.uniform((0.2, 0.12), (kit.aspect - 0.2, 0.88), (9, 2))
    away = rng.uniform((0.2, 0.12), (kit.aspect - 0.2, 0.88), (9, 2))
    order = rng.permutation(9)[:7]
    passes = len(order)
    sway = rng.random((18, 2)) * TAU
    red, blue = colour(1.0), colour(0.02)

    def spot(side: np.ndarray, number: int, u: float, offset: int) -> np.ndarray:
        a, b = sway[number + offset]
        drift = np.array([np.sin(TAU * u + a), np.sin(TAU * u * 2 + b)]) * 0.05
        at: np.ndarray = side[number] + drift
        return at

    def ball(u: float) -> tuple[np.ndarray, float]:
        leg = u % 1 * passes
        number, along = int(leg) % passes, ease(leg % 1 * 1.25)
        start = spot(home, order[number], u, 0)
        end = spot(home, order[(number + 1) % passes], u, 0)
        bend = np.array([-(end - start)[1], (end - start)[0]]) * 0.12
        flight = np.sin(np.pi * along)
        return start + (end - start) * along + bend * flight, flight

    def paint(u: float) -> Image.Image:
        board = kit.board(grass.image)
        at, flight = ball(u)
        for number in range(9):
            chaser = spot(away, number, u, 9)
            pull = (at - chaser) * 0.28 * np.exp(-np.hypot(*(at - chaser)) * 2)
            for spot_at, ink in (
                (spot(home, number, u, 0), red),
                (chaser + pull, blue),
            ):
                x, y = spot_at
                board.disc(x + 0.008, y + 0.012, 0.027, colour(0.2))
                board.disc(x, y, 0.027, ink, (255, 255, 255), 0.005)
        trail = np.array([ball((u - k * 0.004) % 1)[0] for k in range(14)])
        for number in range(13, 0, -1):
            ink = mix(colour(0.36), (255, 255, 255), 1 - number / 14)
            board.line(trail[number - 1 : number + 1], 0.012 * (1 - number / 16), ink)
        board.disc(at[0] + 0.01, at[1] + 0.015 + 0.03 * flight, 0.015, colour(0.2))
        board.spot(at, 0.017 + 0.006 * flight, (255, 255, 255), (20, 20, 20), 0.003)
        return board.picture()

    return paint


def hoop(kit: Kit) -> Painter:
    """Shots drop through a hoop at sundown, one after the other."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.2), colour(0.55), colour(0.9)], glow=0.3)
    back = kit.board(sky)
    x = np.linspace(0, kit.aspect, 18)
    for left, tall in zip(x, rng.uniform(0.08, 0.3, 18), strict=True):
        back.box(
            left - 0.01,
            0.84 - tall,
            left + 0.1,
            0.9,
            mix(colour(0.4), colour(0.1), 0.5),
        )
    back.box(0, 0.84, kit.aspect, 1, colour(0.08))
    back.box(0, 0.84, kit.aspect, 0.848, colour(0.35))
    rim_x, rim_y = kit.aspect * 0.76, 0.36
    back.box(rim_x + 0.2, rim_y - 0.05, rim_x + 0.225, 0.9, colour(0.03))
    back.box(
        rim_x + 0.1, rim_y - 0.25, rim_x + 0.125, rim_y + 0.06, (245, 245, 248), 0.01
    )
    back.box(rim_x + 0.12, rim_y - 0.08, rim_x + 0.21, rim_y - 0.055, colour(0.03))
    starts = rng.uniform((0.25, 0.62), (0.8, 0.7), (3, 2))

    def paint(u: float) -> Image.Image:
        board = kit.board(back.image)
        shot, along = int(u * 3) % 3, u * 3 % 1
        sx, sy = starts[shot]
        swish = 0.0
        if along < 0.55:
            t = along / 0.55
            bx, by = sx + (rim_x - sx) * t, sy + (rim_y - sy) * t - 1.55 * t * (1 - t)
        else:
            t = (along - 0.55) / 0.45
            fall = 1.7 * (t * 0.9) ** 2 + 0.25 * t
            floor = 0.785 - rim_y
            bx = rim_x - 0.03 * t
            if fall > floor:
                late = t - 0.5
                fall = floor - abs(np.sin(late * 7)) * 0.16 * (1 - late)
                bx -= 0.5 * late
            by = rim_y + fall
            swish = np.exp(-8 * t) * np.sin(t * 26)
        board.disc(bx, 0.86, 0.03 + 0.04 * by, mix(colour(0.08), (0, 0, 0), 0.6))
        ends = [rim_x - 0.09, rim_x + 0.1]
        front = along > 0.55
        if not front:
            _basketball(board, bx, by, TAU * along * 2)
        for cord in range(7):
            top = ends[0] + (ends[1] - ends[0]) * cord / 6
            low = rim_x + (top - rim_x) * 0.55 + 0.03 * swish * (cord - 3) / 3
            depth = 0.15 + 0.04 * swish
            for lean in (-1, 1):
                end = low + lean * 0.02
                mesh = [[top, rim_y], [end, rim_y + depth]]
                board.line(np.array(mesh), 0.004, (250, 250, 250))
        if front:
            _basketball(board, bx, by, TAU * along * 2)
        board.line(np.array([[ends[0], rim_y], [ends[1], rim_y]]), 0.016, (228, 70, 40))
        return board.picture()

    return paint


def _basketball(board: Board, x: float, y: float, turn: float) -> None:
    orange, seam = (236, 122, 44), (70, 30, 12)
    board.disc(x, y, 0.055, orange)
    for curve in (-0.6, 0.0, 0.6):
        t = np.linspace(-1, 1, 12)
        bow = curve * np.sqrt(np.clip(1 - t**2, 0, 1)) * 0.055
        px, py = bow, t * 0.054
        rx = px * np.cos(turn) - py * np.sin(turn) + x
        ry = px * np.sin(turn) + py * np.cos(turn) + y
        board.line(np.stack([rx, ry], 1), 0.005, seam)


def _limb(hip: np.ndarray, knee: float, foot: float, length: float) -> np.ndarray:
    """Joint positions (3, 2) of a limb: two angles from straight down."""
    joint = hip + length * np.array([np.sin(knee), np.cos(knee)])
    end = joint + length * np.array([np.sin(foot), np.cos(foot)])
    return np.stack([hip, joint, end])


def runner(kit: Kit) -> Painter:
    """A runner crosses a dawn landscape of passing hills."""
    rng, colour = kit.rng, kit.palette.at
    sky = kit.sky([colour(0.35), colour(0.7), colour(1.0)], glow=0.3)
    sun_x = kit.aspect * rng.uniform(0.55, 0.8)
    dawn = kit.board(sky)
    dawn.add(kit.glow(0.45, mix((0, 0, 0), colour(1.0), 0.8), 2.2), sun_x, 0.5)
    dawn.disc(sun_x, 0.5, 0.11, mix(colour(1.0), (255, 255, 255), 0.6))
    x = np.linspace(0, 1, 140)
    period = kit.aspect * 1.5
    layers = [
        (0.6 + 0.09 * hills(rng, x, 0.5, 4), colour(0.5), 1),
        (0.7 + 0.06 * hills(rng, x, 0.5, 5), colour(0.32), 2),
    ]
    posts = rng.random(7) * period
    ink: Colour = colour(0.0)
    strides = 12
    hip_x = kit.aspect * 0.46

    def paint(u: float) -> Image.Image:
        board = kit.board(dawn.image)
        for shape, tone, laps in layers:
            shift = int(u * laps % 1 * len(x))
            line = np.concatenate([shape[shift:], shape[:shift]])
            points = np.stack([x * period, line], 1)
            board.polygon(np.concatenate([points, [[period, 1.1], [0, 1.1]]]), tone)
        board.box(-0.1, 0.86, kit.aspect + 0.1, 1.1, colour(0.1))
        for post in posts:
            left = (post - u * 4 * period) % period - 0.1
            board.box(left, 0.91, left + 0.16, 0.922, colour(0.3), 0.006)
        step = TAU * u * strides / 2
        bounce = 0.018 * abs(np.sin(step))
        hip = np.array([hip_x, 0.6 - bounce])
        neck = hip + [0.045, -0.17]
        for side in (0, np.pi):
            swing = np.sin(step + side)
            thigh = 0.15 + 0.85 * swing
            shin = thigh - 0.25 - 0.75 * (1 - np.sin(step + side + 1.3))
            board.line(_limb(hip, thigh, shin, 0.13), 0.034, ink)
            arm = -0.9 * swing
            board.line(_limb(neck + [0, 0.02], arm, arm + 1.5, 0.085), 0.022, ink)
        board.line(np.stack([hip, neck]), 0.058, ink)
        board.spot(neck + [0.022, -0.065], 0.044, ink)
        return board.picture()

    return paint


def wall(kit: Kit) -> Painter:
    """A climber moves up an endless wall, hold by hold."""
    rng, colour = kit.rng, kit.palette.at
    base = kit.sky([colour(0.2), colour(0.34), colour(0.16)])
    panels = [
        (np.array([[0, 0], [0.55, 0], [0.3, 1], [0, 1]]), 0.26),
        (np.array([[1.2, 0], [kit.aspect, 0], [kit.aspect, 1], [1.42, 1]]), 0.13),
    ]
    holds = []
    for _ in range(46):
        tint = colour(rng.choice([0.62, 0.75, 0.88, 1.0]))
        shape = rng.uniform(0.7, 1.25, 9) * rng.uniform(0.016, 0.034)
        holds.append((rng.uniform(0.05, kit.aspect - 0.05), rng.random(), shape, tint))
    # The route: left and right holds in turn, 8 a loop, one loop being one height.
    moves = 8
    middle = kit.aspect / 2
    route = [
        middle + (0.13 if k % 2 else -0.13) + rng.uniform(-0.05, 0.05)
        for k in range(moves)
    ]
    turns = np.arange(9) / 9 * TAU

    def hold_at(index: int) -> np.ndarray:
        return np.array([route[index % moves], -index / moves])

    def paint(u: float) -> Image.Image:
        board = kit.board(base)
        for corners, tone in panels:
            board.polygon(corners, colour(tone))
        progress = u * moves
        index, along = int(progress), ease(progress % 1 * 1.4)
        height = -(index + along) / moves
        camera = height - 0.55
        for x, y, shape, tint in holds:
            at = (y - camera) % 1
            round_x, round_y = x + shape * np.cos(turns), shape * np.sin(turns)
            for level in (at, at - 1) if at > 0.9 else (at,):
                points = np.stack([round_x, level + round_y], 1)
                board.polygon(points + [0.006, 0.009], colour(0.1))
                board.polygon(points, tint)
        for number in range(index - 6, index + 7):
            x, y = hold_at(number)
            board.disc(x, y - camera, 0.025, (255, 255, 255), colour(0.05), 0.007)

        def grip(offset: int) -> np.ndarray:
            # Each limb goes two holds further when its turn comes.
            mine = index + offset
            start, end = hold_at(mine), hold_at(mine + 2)
            at = hold_at(mine + 1) if offset % 2 else start + (end - start) * along
            return np.array([at[0], at[1] - camera])

        hands = sorted((grip(2), grip(3)), key=lambda p: p[0])
        feet = sorted((grip(-3), grip(-2)), key=lambda p: p[0])
        _climber(board, hands, feet, 0.01 * np.sin(TAU * u), kit.palette)
        return board.picture()

    return paint


def _climber(
    board: Board,
    hands: list[np.ndarray],
    feet: list[np.ndarray],
    swing: float,
    palette: Palette,
) -> None:
    """A figure that hangs from its hands and stands on its feet."""
    colour = palette.at
    skin, shirt = mix(colour(0.9), (255, 220, 190), 0.7), colour(1.0)
    chest = np.mean(hands, 0) + [swing, 0.17]
    hips = chest * 0.6 + np.mean(feet, 0) * 0.4
    for side, hand in zip((-1, 1), hands, strict=True):
        elbow = (chest + hand) / 2 + [0.035 * side, 0.025]
        board.line(np.stack([chest + [0.03 * side, 0], elbow, hand]), 0.026, skin)
    for side, foot in zip((-1, 1), feet, strict=True):
        knee = (hips + foot) / 2 + [0.06 * side, -0.02]
        board.line(np.stack([hips, knee, foot]), 0.036, colour(0.0))
    board.line(np.stack([chest, hips]), 0.085, shirt)
    board.spot(chest + [0, -0.075], 0.04, skin)
    board.spot(chest + [0, -0.087], 0.042, colour(0.03))
