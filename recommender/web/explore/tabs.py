"""The tabs of Explore."""

from __future__ import annotations

from typing import TypedDict

from django.urls import reverse

TABS = {"explore": "Videos", "explore_people": "People", "taste_map": "Taste map"}


class Tab(TypedDict):
    label: str
    url: str
    current: bool


def tabs(current: str) -> list[Tab]:
    return [
        {"label": label, "url": reverse(name), "current": name == current}
        for name, label in TABS.items()
    ]
