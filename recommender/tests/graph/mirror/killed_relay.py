"""A relay that is killed -9 in the middle of its first batch.

    python -m recommender.tests.graph.mirror.killed_relay before|after

`before` Neo4j commits, or `after` it did and before PostgreSQL hears of it.
"""

from __future__ import annotations

import os
import signal
import sys

import django


def main(moment: str) -> None:
    django.setup()
    from django.db.models import QuerySet

    from recommender.graph.mirror import driver, relay

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    statements, delete = relay._statements, QuerySet._raw_delete

    def first_statement_alone(keys):
        yield next(statements(keys))
        die()

    if moment == "before":
        relay._statements = first_statement_alone
    else:
        QuerySet._raw_delete = lambda self, using: die() or delete(self, using)
    with driver.connect() as connected:
        relay.catch_up(connected)


if __name__ == "__main__":
    main(sys.argv[1])
