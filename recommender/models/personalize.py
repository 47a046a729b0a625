"""What clients of Amazon Personalize configure."""

from __future__ import annotations

from django.db import models


class PersonalizeFilter(models.Model):
    """A filter that clients of Personalize's runtime refer to by name.

    `expression` is checked by the form that saves it.
    """

    name = models.CharField(
        max_length=63,
        unique=True,
        help_text="The last part of the ARN of the filter, after the last slash.",
    )
    expression = models.TextField(
        help_text="As in Personalize: INCLUDE ItemID WHERE Items.GENRES IN ($GENRES)"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
