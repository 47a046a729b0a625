"""The recommender in the admin. Importing this package registers its pages."""

from recommender.admin import experiments, feeds, graph, rankers, runs

__all__ = ["experiments", "feeds", "graph", "rankers", "runs"]
