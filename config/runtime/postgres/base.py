"""Django's PostgreSQL backend, which starts or attaches to the embedded server.

The first connection starts the server, so commands without a database (`help`,
`collectstatic`) do not.
"""

from __future__ import annotations

import select
from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base

from config.runtime.postgres import server


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        address = server.attach(Path(self.settings_dict["EMBEDDED_ROOT"]))
        self.settings_dict.update(
            HOST=address.host,
            PORT=str(address.port),
            USER=address.user,
            PASSWORD=address.password,
        )
        return super().get_connection_params()

    def is_usable(self) -> bool:
        """Whether the server has not closed the connection.

        The server is on this machine, so the kernel knows: this needs no statement.
        """
        if self.connection is None or self.connection.closed:
            return False
        closed = select.poll()
        closed.register(self.connection.fileno(), select.POLLIN)
        return not closed.poll(0)
