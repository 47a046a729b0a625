"""The moods of people and videos.

`docs/moods.md` lists the words, emotions and audience reactions for each.
"""

from __future__ import annotations

from django.db import models


class Mood(models.TextChoices):
    FUNNY = "funny", "Funny"
    INSPIRING = "inspiring", "Inspiring"
    MOVING = "moving", "Moving"
    INFORMATIVE = "informative", "Informative"
    ASTONISHING = "astonishing", "Astonishing"
    THOUGHTFUL = "thoughtful", "Thoughtful"
    CALM = "calm", "Calm"
    ENERGETIC = "energetic", "Energetic"
