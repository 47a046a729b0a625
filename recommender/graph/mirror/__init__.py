"""The mirror of the interaction graph in Neo4j, where one is configured.

`driver` connects; `schema` says which rows become which nodes and relationships.
"""
