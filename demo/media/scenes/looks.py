"""Which scene, in which colours and to which tune, a category's videos are made of."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from demo.media.canvas import Kit, Painter, Palette
from demo.media.scenes import (
    characters,
    city,
    cosmos,
    crafts,
    fields,
    games,
    landscape,
    machine,
    numbers,
    sound,
    sport,
    table,
)

PALETTES = {
    name: Palette.parse(text)
    for name, text in {
        "sunset": "1b0f3b 5b1a66 c23b6b f58f5b ffe3a8",
        "dusk": "10142e 3a2a63 86417f d9777f ffd3b0",
        "dawn": "23304f 4f6a8f a88fa8 f0b7a4 fff0d6",
        "ocean": "04122b 0b3a66 1c7fa6 63c8c9 eafaf0",
        "lagoon": "03252f 0a5560 18a39b 8ce0c0 fdf6d0",
        "forest": "07160f 14402c 3c7d4a 9cc76a f2f3c0",
        "moss": "0c1a14 26473a 5c8a5e b5c98a f7f2d4",
        "mint": "06201f 0f4f4a 1f9d83 8fe0b0 fdfbd4",
        "violet": "0b0720 2c1a66 6b3bd1 d065e0 ffd9f4",
        "neon": "090420 2a0f5c 8a1fb3 ff3fa4 ffd36b",
        "ice": "071022 1b3f73 4f8fd0 a9d8f5 ffffff",
        "ember": "140605 5c1413 c4381f f89a3c fff0b8",
        "caramel": "1c0f0a 54301c a8683a e3b57a fff3dc",
        "berry": "1d0618 5e1245 b52a6b f07f9a ffe6dc",
        "candy": "2b1a4f 7a3f98 f0648f ffb88a fff2c9",
        "pop": "2b2d6e 4f6de0 ff5d73 ffc24b fff6e0",
        "mono": "0d1020 29324a 5f7390 b3c3d1 ffffff",
        "gold": "100c08 3d2c14 8f6a24 e0b04a fff0c4",
        "pitch": "0f3057 12602f 2a8f3f 4bb04f f2495c",
        "turf": "1b1f4b 1d5a3a 3a8f4a 6bb35a ff7a3c",
        "parchment": "3b2414 7c5632 b98d55 e2c48f f8ecd0",
    }.items()
}

Scene = Callable[[Kit], Painter]


@dataclass(frozen=True)
class Look:
    """How the videos of one category are made.

    `seconds` is one loop's length; slow scenes need fewer frames for each of them.
    """

    scene: Scene
    palettes: tuple[str, ...]
    tune: str
    seconds: float = 4.0
    rate: int = 14

    def painter(self, seed: int, width: int, height: int) -> Painter:
        """The scene of `seed`: the same at every size but for its resolution."""
        rng = np.random.default_rng(seed)
        palette = PALETTES[str(rng.choice(self.palettes))].turned(rng.uniform(-14, 14))
        return self.scene(Kit(rng, palette, width, height))


def _look(scene: Scene, palettes: str, tune: str) -> Look:
    return Look(scene, tuple(palettes.split()), tune)


def _slow(scene: Scene, palettes: str, tune: str) -> Look:
    return Look(scene, tuple(palettes.split()), tune, seconds=5.0, rate=12)


LOOKS: dict[str, Look] = {
    "piano": _look(sound.piano_roll, "violet ocean ember neon", "piano"),
    "electronic": _look(sound.spectrum, "neon violet ember ocean", "beat"),
    "jazz": _look(sound.strings, "gold mono sunset berry", "jazz"),
    "acoustic": _slow(fields.flow, "caramel ember moss gold", "guitar"),
    "retro-games": _look(games.invaders, "mint neon violet pop", "chip"),
    "speedruns": _look(games.platformer, "sunset candy ocean dusk", "chip"),
    "strategy": _look(games.life, "violet ocean ember mint", "chip"),
    "indie-games": _look(games.maze, "ocean berry mint neon", "bells"),
    "football": _slow(sport.pitch, "pitch turf", "beat"),
    "basketball": _look(sport.hoop, "sunset dusk neon dawn", "beat"),
    "running": _look(sport.runner, "ember sunset dawn dusk", "beat"),
    "climbing": _slow(sport.wall, "mint berry ice sunset", "guitar"),
    "mathematics": _slow(numbers.epicycles, "ocean violet mono ember", "bells"),
    "history": _slow(city.atlas, "parchment caramel", "guitar"),
    "languages": _slow(characters.words, "ocean candy berry mint", "bells"),
    "economics": _slow(numbers.chart, "ocean violet mint neon", "jazz"),
    "sketches": _look(characters.monsters, "candy pop sunset berry", "bounce"),
    "stand-up": _slow(characters.stage, "ember berry dusk gold", "jazz"),
    "funny-animals": _slow(characters.cats, "violet dusk ocean sunset", "bounce"),
    "office-life": _look(
        partial(characters.monsters, ties=True), "ocean ice mint dawn", "bounce"
    ),
    "physics": _slow(numbers.pendulums, "sunset violet ocean gold", "bells"),
    "biology": _slow(numbers.cells, "mint berry forest violet", "pad"),
    "chemistry": _look(numbers.bubbles, "violet mint neon lagoon", "bells"),
    "chaos-fractals": _slow(numbers.julia, "ocean ember violet gold", "pad"),
    "astronomy": _slow(cosmos.galaxy, "violet ocean berry ice", "pad"),
    "spaceflight": _look(cosmos.warp, "violet ocean ice neon", "pad"),
    "planets": _slow(cosmos.planet, "ember ocean violet lagoon", "pad"),
    "night-sky": _slow(cosmos.night, "violet ocean dusk lagoon", "pad"),
    "programming": _slow(machine.editor, "violet ocean neon mint", "beat"),
    "ai-data": _look(machine.network, "ocean violet neon ice", "bells"),
    "gadgets": _slow(machine.devices, "sunset candy ice pop", "beat"),
    "cybersecurity": _slow(machine.glyphs, "mint ocean violet ember", "beat"),
    "baking": _slow(table.oven, "candy berry sunset caramel", "guitar"),
    "street-food": _slow(city.lanterns, "ember berry sunset neon", "jazz"),
    "plant-based": _look(table.slices, "mint lagoon candy moss", "guitar"),
    "coffee-tea": _slow(table.latte, "caramel ember parchment moss", "jazz"),
    "oceans": _slow(landscape.sea, "ocean lagoon ice dusk", "waves"),
    "mountains": _slow(landscape.ridges, "sunset dawn dusk ice", "pad"),
    "wildlife": _slow(
        partial(landscape.rain, fireflies=True), "mint forest lagoon moss", "waves"
    ),
    "forests-rain": _slow(landscape.rain, "forest moss mint ocean", "rain"),
    "city-walks": _slow(city.skyline, "violet neon dusk sunset", "beat"),
    "train-journeys": _slow(city.train, "mint dawn moss sunset", "guitar"),
    "islands": _slow(
        partial(landscape.sea, island=True), "sunset lagoon dusk candy", "waves"
    ),
    "hiking": _slow(
        partial(landscape.ridges, layers=4), "moss forest dawn caramel", "guitar"
    ),
    "painting": _slow(fields.ink, "sunset berry ocean candy", "piano"),
    "generative-art": _slow(numbers.attractor, "violet gold ice neon", "pad"),
    "photography": _slow(fields.bokeh, "sunset gold neon ocean", "piano"),
    "animation": _look(characters.monsters, "pop candy mint neon", "bounce"),
    "meditation": _slow(fields.breath, "mint violet dusk lagoon", "pad"),
    "yoga": _slow(fields.mandala, "violet berry mint sunset", "pad"),
    "fitness": _look(fields.pulse, "ember neon mint ocean", "beat"),
    "sleep": _slow(partial(cosmos.night, moon=True), "ocean violet dusk ice", "rain"),
    "woodworking": _slow(crafts.timber, "caramel parchment ember", "guitar"),
    "knitting": _slow(crafts.knitting, "sunset berry ocean candy", "guitar"),
    "electronics": _look(machine.circuit, "forest ocean mint violet", "chip"),
    "gardening": _slow(crafts.garden, "mint moss lagoon dawn", "guitar"),
}
