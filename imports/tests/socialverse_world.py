"""A made-up world in the forms that the Socialverse API documents, oddities and all."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2025, 1, 1, tzinfo=UTC)
EMOTIONS = ("joy", "wonder", "calm", "nostalgia", "motivation", "excitement")
SUBJECTS = ("bees", "rivers", "trains", "chess", "bread", "stars", "violins", "moss")
Row = dict[str, Any]


@dataclass
class World:
    """Rows by stream, as the server sends them; some interactions are sent twice."""

    n_posts: int = 1500
    n_users: int = 1000
    n_interactions: int = 20_000
    seed: int = 7
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.rows = {
            "users": [self._user(number) for number in range(1, self.n_users + 1)],
            "posts": [self._post(number) for number in range(1, self.n_posts + 1)],
        } | self._interactions()

    def pairs(self, stream: str) -> set[tuple[int, int]]:
        """The distinct (user, post) of an interaction stream."""
        return {(row["user_id"], row["post_id"]) for row in self.rows[stream]}

    def views(self) -> set[tuple[int, int, str]]:
        """The distinct (user, post, time): a person may view a post several times."""
        return {
            (row["user_id"], row["post_id"], row["viewed_at"])
            for row in self.rows["views"]
        }

    def ratings(self) -> dict[tuple[int, int], int]:
        """What each (user, post) was rated last."""
        newest = sorted(self.rows["ratings"], key=lambda row: row["rated_at"])
        return {(r["user_id"], r["post_id"]): r["rating_percent"] for r in newest}

    def _user(self, number: int) -> Row:
        return {
            "id": number,
            "first_name": f"First{number}",
            "last_name": f"Last{number}",
            "username": f"person{number}",
            "email": f"person{number}@people.example",
            "role": "U",
            "user_type": None if number % 3 else "creator",
            "profile_url": f"https://pictures.example/{number}.png",
            "bio": f"I like {self.random.choice(SUBJECTS)}" if number % 2 else None,
            "website_url": "not an address" if number % 10 == 0 else "",
            "instagram-url": "",
            "tictok_url": "",
            ("isVerified" if number % 2 else "is_verified"): number % 50 == 0,
            "last_login": "2025-03-01 10:00:00",
            "latitude": "0.0",
            "longitude": "0.0",
        }

    def _post(self, number: int) -> Row:
        category = 1 + number % 12
        owner = f"person{1 + number % self.n_users}"
        row: Row = {
            "id": number,
            "category": {
                "id": category,
                "name": f"Category {category}",
                "count": 3,
                "description": "",
                "image_url": "",
            },
            "slug": f"post-{number}",
            "title": f"{self.random.choice(SUBJECTS).title()} number {number}",
            "identifier": f"id{number}",
            "view_count": 9,
            "average_rating": 55,
            "video_link": f"https://videos.example/{number}.mp4",
            "thumbnail_url": f"https://pictures.example/p{number}.jpg",
            "is_locked": False,
            "created_at": int((START + timedelta(hours=number)).timestamp() * 1000),
            "post_summary": self._summary(number),
        }
        if number % 2:
            return row | {
                "first_name": "Flat",
                "last_name": "Name",
                "username": owner,
                "upvoted": False,
            }
        topic = number % 5
        return row | {
            "owner": {"first_name": "Own", "last_name": "Er", "username": owner},
            "topic": {
                "id": topic + 1,
                "name": f"Topic {topic}",
                "slug": f"topic-{topic}",
                "project_code": f"project-{topic}",
                "description": "",
            },
            "is_available_in_public_feed": True,
            "tags": ["nature", self.random.choice(SUBJECTS)],
        }

    def _summary(self, number: int) -> Row | list[Any]:
        if number % 4 == 0:
            return []
        feeling = self.random.choice(EMOTIONS)
        forms: tuple[Any, ...] = (
            {"mood": feeling, "overall_sentiment": "positive"},
            [feeling, "interest"],
            {"emotions_conveyed": [feeling]},
        )
        return {
            "description": f"About {self.random.choice(SUBJECTS)}.",
            "genre": "documentary",
            "keywords": [{"keyword": self.random.choice(SUBJECTS), "weight": 3}],
            "emotions": forms[number % 3],
            "psycological_view_of_video": "",
        }

    def _interactions(self) -> dict[str, list[Row]]:
        """10 parts views, 5 likes, 2 inspires, 3 ratings; one row in 20 is a repeat."""
        pick = self.random
        sizes = {"views": 10, "likes": 5, "inspires": 2, "ratings": 3}
        times = {
            "views": "viewed_at",
            "likes": "liked_at",
            "inspires": "inspired_at",
            "ratings": "rated_at",
        }
        found: dict[str, list[Row]] = {}
        viewed: list[tuple[int, int]] = []
        for stream, parts in sizes.items():
            rows: list[Row] = []
            for number in range(1, self.n_interactions * parts // 20 + 1):
                if rows and pick.random() < 0.05:
                    rows.append(pick.choice(rows))
                    continue
                user, post = (
                    pick.randint(1, self.n_users),
                    pick.randint(1, self.n_posts),
                )
                if viewed and pick.random() < 0.5:  # half of the likes were viewed
                    user, post = pick.choice(viewed)
                if stream == "views":
                    viewed.append((user, post))
                at = START + timedelta(seconds=pick.randrange(200 * 86400))
                row = {
                    "id": number,
                    "post_id": post,
                    "user_id": user,
                    times[stream]: f"{at:%Y-%m-%d %H:%M:%S}",
                }
                if stream == "ratings":
                    row["rating_percent"] = pick.randint(1, 100)
                rows.append(row)
            found[stream] = rows
        return found
