"""The people of a synthetic site to log in as, with different histories."""

from __future__ import annotations

from dataclasses import dataclass

PASSWORD = "synthetic-site-1"
ADMINISTRATOR = "site_admin"
MEMBERS = 200  # viewers who can log in, too


@dataclass(frozen=True)
class Named:
    """A person and how many videos they watched and people they follow.

    On small sites both counts are at most a quarter of the videos and people.
    """

    username: str
    about: str
    watched: int
    follows: int
    chosen: int  # parent categories


NAMED = (
    Named("newcomer", "has just signed up and chosen two interests", 0, 0, 2),
    Named("light", "watched a few videos", 6, 2, 1),
    Named("regular", "watched as much as two average people", 70, 12, 2),
    Named("heavy", "watches all day", 3000, 60, 3),
    Named("follower", "follows very many people", 150, 1500, 2),
)
