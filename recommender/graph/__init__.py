"""What only a graph answers: who watched what besides, paths, people to follow."""

from __future__ import annotations

from recommender.graph.fallback import WithFallback
from recommender.graph.neo4j import Neo4jGraph
from recommender.graph.postgres import PostgresGraph
from recommender.graph.questions import Acquaintance, CoWatch, Graph, Paths
from recommender.mirror import driver

__all__ = ["Acquaintance", "CoWatch", "Graph", "Paths", "graph"]


def graph() -> Graph:
    """The store to ask: Neo4j where it is configured, as long as it answers."""
    if driver.configured():
        return WithFallback(Neo4jGraph(), PostgresGraph())
    return PostgresGraph()
