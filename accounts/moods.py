"""The moods: what people may feel like watching, and what a video may be.

Which words, emotions and audience reactions speak for each stands in `docs/moods.md`.
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
