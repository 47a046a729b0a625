"""The tables of the recommender."""

from recommender.models.experiments import Experiment, Exposure
from recommender.models.feeds import FeatureLog, FeedSession, ViewCounts
from recommender.models.graph import GraphMirror
from recommender.models.personalize import PersonalizeFilter
from recommender.models.runs import (
    Activation,
    BaseActivation,
    ModelRun,
    RankerActivation,
    RankerRun,
    Run,
)
from recommender.models.texts import TextEmbedding

__all__ = [
    "Activation",
    "BaseActivation",
    "Experiment",
    "Exposure",
    "FeatureLog",
    "FeedSession",
    "GraphMirror",
    "ModelRun",
    "PersonalizeFilter",
    "RankerActivation",
    "RankerRun",
    "Run",
    "TextEmbedding",
    "ViewCounts",
]
