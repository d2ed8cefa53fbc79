"""Settings, all from the environment (prefix `CSBE_`). With nothing set, embedded servers run in `data_dir`."""

import re
from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """How this installation runs. Secrets are never shown or logged."""

    model_config = SettingsConfigDict(env_prefix="CSBE_", extra="ignore", use_attribute_docstrings=True)

    postgres_dsn: SecretStr | None = None
    """A PostgreSQL 15 or newer; an embedded one when not given."""
    mqtt_url: SecretStr | None = None
    """An MQTT 3.1.1 or 5 (`?version=5`) broker at `mqtt://` or `mqtts://`; an embedded one when not given."""
    mqtt_ca_file: Path | None = None
    """Whose signature the broker's certificate must have (PEM); one that the machine trusts when not given."""
    mqtt_certificate_file: Path | None = None
    """By which certificate (PEM) the broker knows us."""
    mqtt_key_file: Path | None = None
    """The private key (PEM) of that certificate."""
    data_dir: Path = Path("csbe-data")
    """Embedded servers, keys made on first use, and mail as files."""
    host: str = "127.0.0.1"
    """Where the API listens; 0.0.0.0 for every interface."""
    port: int = 8123
    """Where the API listens; health and metrics in a process without the API."""
    service: str | None = None
    """The service that requests belong to which name none; the only one that runs here when not given."""
    token_key: SecretStr | None = None
    """Ed25519 private key (PEM) that signs tokens; made in `data_dir` when not given."""
    master_key: SecretStr | None = None
    """Wraps the keys of persons; 64 hexadecimal digits."""
    smtp_host: str | None = None
    """A mail server; without one, mail is written to files."""
    smtp_port: int = 25
    """25 for a relay, 587 for submission with STARTTLS."""
    smtp_username: str | None = None
    """Who logs in at the mail server; nobody when not given."""
    smtp_password: SecretStr | None = None
    """Their password."""
    mail_sender: str = "no-reply@csbe.localhost"
    """The address that members see."""
    swap_when_built: bool = True
    """Whether a read model that a new release makes anew is shown as soon as it is built, or when an operator says."""
    max_body_bytes: int = 64 * 1024
    """A request with a larger body is refused."""
    webhook_fail_after_s: float = Field(default=24 * 3600, gt=0)
    """A webhook whose receiver has failed for so many seconds is `failed`."""
    webhook_private_receivers: bool = False
    """Whether webhooks may go to addresses of one's own network, also without https; for receivers on the premises."""
    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""

    @field_validator("master_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", value.get_secret_value()):
            raise ValueError("must be 64 hexadecimal digits, as of `openssl rand -hex 32`")
        return value

    def make_data_dir(self) -> None:
        """Make the data directory where it is missing. Raises `ValueError` when it cannot be written."""
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"CSBE_DATA_DIR {self.data_dir} cannot be made: {error.strerror}") from error

    @property
    def master_key_bytes(self) -> bytes | None:
        """The master key, if there is one."""
        return bytes.fromhex(self.master_key.get_secret_value()) if self.master_key else None
