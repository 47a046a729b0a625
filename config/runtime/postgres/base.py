"""Django's PostgreSQL backend, which starts or attaches to the embedded server.

The first connection starts the server, so commands without a database (`help`,
`collectstatic`) do not.
"""

from __future__ import annotations

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
