"""The embedded PostgreSQL: `server` runs it, `base` is its Django backend."""
