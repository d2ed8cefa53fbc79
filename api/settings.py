"""Settings, all from the environment (prefix `CSBE_`). With nothing set, embedded servers run in `data_dir`."""

from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """How this installation runs. Secrets are never shown or logged."""

    model_config = SettingsConfigDict(env_prefix="CSBE_", extra="ignore")

    postgres_dsn: SecretStr | None = None
    """A PostgreSQL 15 or newer; an embedded one when not given."""
    mqtt_url: SecretStr | None = None
    """An MQTT 3.1.1 or 5 broker; an embedded one when not given."""
    data_dir: Path = Path("csbe-data")
    """Embedded servers, keys made on first use, and mail as files."""
    host: str = "127.0.0.1"
    port: int = 8123
    service: str = "drivenow-europe"
    """Key of the rulebook that requests without a service of their own belong to."""
    token_key: SecretStr | None = None
    """Ed25519 private key (PEM) that signs tokens; made in `data_dir` when not given."""
    master_key: SecretStr | None = None
    """Wraps the keys of persons; 64 hexadecimal digits."""
    smtp_host: str | None = None
    """A mail server; without one, mail is written to files."""
    smtp_port: int = 25
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    mail_sender: str = "no-reply@csbe.localhost"
    max_body_bytes: int = 64 * 1024
    log_level: str = "INFO"

    @property
    def master_key_bytes(self) -> bytes | None:
        """The master key, if there is one. Raises `ValueError` when it is not hexadecimal."""
        return bytes.fromhex(self.master_key.get_secret_value()) if self.master_key else None
