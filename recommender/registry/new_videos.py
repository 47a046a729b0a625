"""Videos published after the snapshot of a model, added to the model in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from django.utils import timezone

from recommender.dataset.item_features import item_features
from recommender.ml.models import registry
from recommender.ml.models.base import Inductive, Model
from videos.models import Video

OVERLAP = timedelta(minutes=10)  # a commit may come later than its published_at
LIMIT = 500  # videos added at one check


@dataclass(eq=False)
class ServedModel:
    """A loaded model, and the time from which its videos may be incomplete."""

    model: Model
    complete_until: datetime

    @classmethod
    def load(cls, folder: Path) -> ServedModel:
        """The model of an artifact folder; raises `ArtifactError`."""
        model = registry.load(folder)
        taken_at = datetime.fromtimestamp(model.manifest.snapshot_taken_at, UTC)
        return cls(model, taken_at - OVERLAP)

    def add_new_videos(self) -> None:
        """Compute vectors from features for videos that the model does not know."""
        if not isinstance(self.model, Inductive):
            return
        now = timezone.now()
        published = Video.objects.listed().filter(published_at__gt=self.complete_until)
        keys = list(
            published.order_by("published_at").values_list("pk", flat=True)[:LIMIT]
        )
        new = np.setdiff1d(np.array(keys, np.int64), self.model.item_ids)
        if len(new):
            videos = Video.objects.filter(pk__in=new.tolist())
            self.model.add_items(item_features(videos), time=now.timestamp())
        if len(keys) < LIMIT:
            self.complete_until = now - OVERLAP
