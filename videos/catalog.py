"""The parent categories and categories of a new installation.

`setup_platform` writes them; administrators may change them. Slugs are unique over
both levels, because both have the URL `/category/<slug>/`.
"""

from dataclasses import dataclass

from django.utils.text import slugify


@dataclass(frozen=True, slots=True)
class CategoryEntry:
    """One category; `icon` is a single emoji."""

    name: str
    icon: str
    description: str

    @property
    def slug(self) -> str:
        return slugify(self.name)


@dataclass(frozen=True, slots=True)
class ParentEntry:
    """One parent category and what it holds."""

    name: str
    icon: str
    description: str
    categories: tuple[CategoryEntry, ...]

    @property
    def slug(self) -> str:
        return slugify(self.name)


CATALOG: tuple[ParentEntry, ...] = (
    ParentEntry(
        "Music",
        "🎵",
        "Songs, sessions and the people who play them.",
        (
            CategoryEntry("Piano", "🎹", "Solo pieces, practice diaries and covers."),
            CategoryEntry("Electronic", "🎛️", "Synths, beats and late-night sets."),
            CategoryEntry("Jazz", "🎷", "Standards, improvisation and club nights."),
            CategoryEntry("Acoustic", "🎸", "Guitars, voices and quiet rooms."),
        ),
    ),
    ParentEntry(
        "Gaming",
        "🎮",
        "Play, watch others play, and see how games are made.",
        (
            CategoryEntry("Retro Games", "👾", "Pixels, cartridges and arcades."),
            CategoryEntry(
                "Speedruns", "⏱️", "Games finished faster than they should be."
            ),
            CategoryEntry("Strategy", "♟️", "Openings, builds and long campaigns."),
            CategoryEntry("Indie Games", "🕹️", "Small teams with big ideas."),
        ),
    ),
    ParentEntry(
        "Sports",
        "🏅",
        "Matches, training and the stories around them.",
        (
            CategoryEntry("Football", "⚽", "Goals, tactics and five-a-side."),
            CategoryEntry("Basketball", "🏀", "Handles, shots and playground legends."),
            CategoryEntry("Running", "🏃", "From the first 5K to the ultra."),
            CategoryEntry("Climbing", "🧗", "Boulders, ropes and big walls."),
        ),
    ),
    ParentEntry(
        "Education",
        "🎓",
        "Explained well, at your own pace.",
        (
            CategoryEntry("Mathematics", "📐", "Proofs and pictures that click."),
            CategoryEntry("History", "🏺", "What happened, and how we know."),
            CategoryEntry("Languages", "🗣️", "Words, sounds and learning them."),
            CategoryEntry("Economics", "📈", "Money, choices and incentives."),
        ),
    ),
    ParentEntry(
        "Comedy",
        "😂",
        "Sketches, stand-up and things that went wrong.",
        (
            CategoryEntry("Sketches", "🎭", "Short scenes with a twist."),
            CategoryEntry("Stand-up", "🎤", "One person, one microphone."),
            CategoryEntry("Funny Animals", "🐈", "They did not mean to be funny."),
            CategoryEntry("Office Life", "🖨️", "Meetings that were e-mails."),
        ),
    ),
    ParentEntry(
        "Science",
        "🔬",
        "How the world works, tried and shown.",
        (
            CategoryEntry("Physics", "🧲", "Forces, waves and experiments."),
            CategoryEntry("Biology", "🧬", "Cells, bodies and ecosystems."),
            CategoryEntry("Chemistry", "🧪", "Reactions worth slowing down for."),
            CategoryEntry("Chaos & Fractals", "🌀", "Simple rules, endless shapes."),
        ),
    ),
    ParentEntry(
        "Space",
        "🚀",
        "Rockets, planets and everything beyond.",
        (
            CategoryEntry("Astronomy", "🔭", "Stars, galaxies and how we see them."),
            CategoryEntry("Spaceflight", "🛰️", "Launches, missions and engineering."),
            CategoryEntry("Planets", "🪐", "Worlds near and far."),
            CategoryEntry("Night Sky", "🌌", "What to look for tonight."),
        ),
    ),
    ParentEntry(
        "Technology",
        "💻",
        "Code, chips and the tools we build.",
        (
            CategoryEntry("Programming", "👩‍💻", "Languages, bugs and clean code."),
            CategoryEntry("AI & Data", "🤖", "Models, data and what they can do."),
            CategoryEntry("Gadgets", "📱", "Hands on, honest, long-term."),
            CategoryEntry("Cybersecurity", "🔐", "Locks, keys and how they fail."),
        ),
    ),
    ParentEntry(
        "Food",
        "🍳",
        "Recipes, kitchens and people who love to eat.",
        (
            CategoryEntry("Baking", "🥐", "Bread, cakes and patience."),
            CategoryEntry("Street Food", "🍜", "Stalls, markets and night bites."),
            CategoryEntry("Plant-Based", "🥗", "Vegetables in the leading role."),
            CategoryEntry("Coffee & Tea", "☕", "Brewing, roasting and rituals."),
        ),
    ),
    ParentEntry(
        "Nature",
        "🌿",
        "Landscapes and living things, up close and unhurried.",
        (
            CategoryEntry("Oceans", "🌊", "Waves, reefs and the deep."),
            CategoryEntry("Mountains", "🏔️", "Ridges, weather and first light."),
            CategoryEntry("Wildlife", "🦊", "Animals where they live."),
            CategoryEntry("Forests & Rain", "🌧️", "Trees, storms and quiet sounds."),
        ),
    ),
    ParentEntry(
        "Travel",
        "✈️",
        "Places, and the way to them.",
        (
            CategoryEntry("City Walks", "🌆", "Streets by day and by neon."),
            CategoryEntry("Train Journeys", "🚆", "The window seat, all the way."),
            CategoryEntry("Islands", "🏝️", "Ferries, beaches and small harbours."),
            CategoryEntry("Hiking", "🥾", "Trails, huts and blisters."),
        ),
    ),
    ParentEntry(
        "Art & Design",
        "🎨",
        "Making things to look at.",
        (
            CategoryEntry("Painting", "🖌️", "Pigment, water and nerve."),
            CategoryEntry("Generative Art", "✨", "Drawings made by rules."),
            CategoryEntry("Photography", "📷", "Light, lenses and waiting."),
            CategoryEntry("Animation", "🎞️", "Frame after frame after frame."),
        ),
    ),
    ParentEntry(
        "Wellness",
        "🧘",
        "Body and mind, without the noise.",
        (
            CategoryEntry("Meditation", "🕯️", "Sit, breathe, begin again."),
            CategoryEntry("Yoga", "🪷", "Slow flows and strong holds."),
            CategoryEntry("Fitness", "🏋️", "Strength with what you have."),
            CategoryEntry("Sleep", "🌙", "Sounds and stories to drift off to."),
        ),
    ),
    ParentEntry(
        "DIY & Crafts",
        "🛠️",
        "Made by hand, mistakes included.",
        (
            CategoryEntry("Woodworking", "🪵", "Joints, jigs and sawdust."),
            CategoryEntry("Knitting", "🧶", "Yarn, patterns and warm hands."),
            CategoryEntry("Electronics", "🔌", "Solder, sensors and blinking lights."),
            CategoryEntry("Gardening", "🌱", "Balconies, beds and compost."),
        ),
    ),
)
