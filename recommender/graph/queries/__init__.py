"""Graph queries: co-watches, paths to a video, people to follow."""

from __future__ import annotations

from recommender.graph.mirror.address import address
from recommender.graph.queries.fallback import WithFallback
from recommender.graph.queries.interface import Acquaintance, CoWatch, Graph, Paths
from recommender.graph.queries.neo4j import Neo4jGraph
from recommender.graph.queries.postgres import PostgresGraph

__all__ = ["Acquaintance", "CoWatch", "Graph", "Paths", "graph"]


def graph() -> Graph:
    """Neo4j where it is configured and answers, else PostgreSQL."""
    if address() is None:
        return PostgresGraph()
    return WithFallback(Neo4jGraph(), PostgresGraph())
