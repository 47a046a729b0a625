"""Feeds that a graph neural network ranks.

Each folder is a step from data to a page of a feed. A step imports those before it:

- `models`, `ml`: rows in PostgreSQL; arrays and algorithms without Django
- `graph`: the mirror in Neo4j, and the queries that it or PostgreSQL answers
- `dataset`: snapshots, features and texts that models learn from; the catalogue
- `registry`: which trained runs are active, loaded and served; the catalogue in memory
- `retrieval`: the viewer, the eligible videos, and the sources of candidates
- `ranking`: features of candidates, the ranker, exploration
- `training`: from a snapshot to an activated run
- `feeds`, `reports`: the feeds with their reasons and pages; the metrics of runs
- `experiments`, `compat`: two models on live traffic; APIs of older systems
- `feed`: the front door to the feeds
- `web`, `admin`, `management`, `tasks`: pages, the API, commands and jobs
"""
