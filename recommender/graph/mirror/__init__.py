"""The mirror of the interaction graph in Neo4j, where it is configured.

`driver` connects; `schema` maps rows of PostgreSQL to nodes and relationships.
"""
