"""The demo's texts: videos, creators, comments and personas, read from `content/`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CONTENT = Path(__file__).parent / "content"
THEMES = ("calm", "deep", "rush", "start", "cosy", "odd")


@dataclass(frozen=True)
class VideoText:
    """`follows_on` is the position of the series' earlier part, or -1."""

    category: str
    title: str
    hook: str
    theme: str
    sentence: str
    follows_on: int


@dataclass(frozen=True)
class CreatorText:
    """`parent` is the slug of the parent category that the creator makes videos in."""

    username: str
    name: str
    parent: str
    theme: str
    place: str
    about: str


@dataclass(frozen=True)
class PersonaText:
    """A user to log in as. `interests` are slugs of parent categories."""

    username: str
    name: str
    bio: str
    interests: tuple[str, ...]
    categories: tuple[str, ...]
    themes: tuple[str, ...]
    sessions: int


PERSONAS = (
    PersonaText(
        "mia_music",
        "Mia Adler",
        "Piano in the morning, records at night.",
        ("music", "art-design"),
        ("piano", "jazz", "acoustic", "electronic", "painting"),
        ("calm", "cosy"),
        9,
    ),
    PersonaText(
        "sam_space",
        "Sam Okoye",
        "Looking up since 1998.",
        ("space", "science"),
        ("spaceflight", "planets", "astronomy", "night-sky", "physics"),
        ("deep", "rush"),
        9,
    ),
    PersonaText(
        "chef_carla",
        "Carla Bruno",
        "I cook, then I eat, then I garden.",
        ("food", "diy-crafts"),
        ("baking", "street-food", "plant-based", "coffee-tea", "gardening"),
        ("cosy", "start"),
        9,
    ),
    PersonaText(
        "gus_games",
        "Gus Lindahl",
        "One more try. Then one more.",
        ("gaming", "technology"),
        ("speedruns", "retro-games", "indie-games", "strategy", "programming"),
        ("rush", "odd"),
        9,
    ),
    PersonaText(
        "zoe_outdoors",
        "Zoe Marin",
        "Boots by the door, tent in the boot.",
        ("nature", "travel"),
        ("hiking", "mountains", "oceans", "train-journeys", "climbing"),
        ("calm", "rush"),
        9,
    ),
    PersonaText("nico_newcomer", "Nico Bell", "New here.", (), (), (), 0),
)

COMMENTS = {
    "calm": (
        "I had this on in the background and then forgot the background.",
        "My heart rate went down ten beats.",
        "Please make a longer one of these.",
    ),
    "deep": (
        "Finally somebody explains the part everyone skips.",
        "I watched it twice and took notes the second time.",
        "Do you have a source for the middle part? I would love to read more.",
    ),
    "rush": (
        "I was holding my breath at the end.",
        "Absolutely not, and also: again!",
        "My palms are sweating and I am on a sofa.",
    ),
    "start": (
        "Tried it tonight and it worked. Thank you!",
        "I wish I had found this a year ago.",
        "Clear, kind, and no nonsense. Subscribed.",
    ),
    "cosy": (
        "Watched under a blanket, as intended.",
        "This is my Sunday evening sorted.",
        "Can I move in, please?",
    ),
    "odd": (
        "I have so many questions and I want none of them answered.",
        "Sent this to my brother without a word of context.",
        "How did you even find out that this was possible?",
    ),
}
REPLIES = (
    "Thank you, that means a lot!",
    "There is a second part on the way.",
    "You are very kind. More soon.",
)


def videos() -> list[VideoText]:
    """All videos in the order of the file: category by category.

    Raises `ValueError` naming the line that cannot be read.
    """
    read: list[VideoText] = []
    category = ""
    for number, line in enumerate(_lines("videos.txt"), 1):
        if line.startswith("["):
            category = line.strip("[]")
            continue
        parts = [part.strip() for part in line.removeprefix("+").split("|")]
        if len(parts) != 4 or parts[2] not in THEMES:
            raise ValueError(f"videos.txt, entry {number}: {line!r}")
        title, hook, theme, sentence = parts
        earlier = len(read) - 1 if line.startswith("+") else -1
        hook = "" if hook == "-" else hook
        read.append(VideoText(category, title, hook, theme, sentence, earlier))
    return read


def creators() -> list[CreatorText]:
    """All creators in the order of the file."""
    return [
        CreatorText(*(part.strip() for part in line.split("|")))
        for line in _lines("creators.txt")
    ]


def _lines(name: str) -> list[str]:
    text = (CONTENT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
