"""What only a graph answers: who watched what besides, paths, people to follow."""

from __future__ import annotations

from recommender.graph.postgres import PostgresGraph
from recommender.graph.questions import Acquaintance, CoWatch, Graph, Paths

__all__ = ["Acquaintance", "CoWatch", "Graph", "Paths", "graph"]


def graph() -> Graph:
    """The store to ask."""
    return PostgresGraph()
