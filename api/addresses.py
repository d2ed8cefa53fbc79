"""Which servers the settings name, in words that hold no password."""

from urllib.parse import SplitResult, parse_qs, urlsplit

from api.settings import Settings

POSTGRES_PORT = 5432


def database_named(settings: Settings) -> str:
    """Which database is used: its name, host and port."""
    if settings.postgres_dsn is None:
        return f"an embedded one in {settings.data_dir}, as CSBE_POSTGRES_DSN is not set"
    return database_at(settings.postgres_dsn.get_secret_value())


def broker_named(settings: Settings) -> str:
    """Which broker is used: its host and port."""
    if settings.mqtt_url is None:
        return "an embedded one, as CSBE_MQTT_URL is not set"
    return _host_of(urlsplit(settings.mqtt_url.get_secret_value()))


def database_at(dsn: str) -> str:
    """The name, host and port of the database at a DSN."""
    address = urlsplit(dsn)
    more = parse_qs(address.query)
    name = address.path.lstrip("/") or more.get("dbname", more.get("database", ["its user's"]))[0]
    host = _host_of(address) or more.get("host", ["its socket"])[0]
    return f"{name} at {host}" if ":" in host or "/" in host or " " in host else f"{name} at {host}:{POSTGRES_PORT}"


def _host_of(address: SplitResult) -> str:
    """Of an address; what stands before the last @ may be a password."""
    return address.netloc.rpartition("@")[2]
