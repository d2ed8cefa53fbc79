"""Settings, all from the environment (prefix `CSBE_`). With nothing set, embedded servers run in `data_dir`."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from api.edge.settings import EdgeSettings, in_url
from domain.identity.staff import StaffRules, staff_roles
from domain.kernel.messages import Role

PREFIX = "CSBE_"
OF_TESTS = ("CSBE_TEST_", "CSBE_FUZZ_")
"""How the variables begin by which the tests are steered; nothing else reads them."""

LONGEST_DAYS = 36_500
"""A hundred years, for who wants to keep what others delete."""
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+")


class Settings(EdgeSettings):
    """How this installation runs. Secrets are never shown or logged."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", use_attribute_docstrings=True)

    postgres_dsn: SecretStr | None = None
    """A PostgreSQL 15 or newer; an embedded one when not given."""
    postgres_roles: str = Field(default="csbe", pattern=r"^[a-z][a-z0-9_]{0,40}$")
    """How the names of the roles begin that `csbe migrate` makes: another beginning for each database of one server."""
    allow_owner: bool = False
    """Whether the system may log in as a user who could change the log."""
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
    other_token_key: SecretStr | None = None
    """Tokens that this one has signed hold too, while one key takes the place of another."""
    access_token_minutes: float = Field(default=15, gt=0, le=24 * 60)
    """How long an access token of a login is good."""
    member_session_days: float = Field(default=30, gt=0, le=366)
    """A member who has not been back for so long logs in again."""
    staff_session_hours: float = Field(default=12, gt=0, le=7 * 24)
    """So long after a login staff log in again, whatever they did."""
    public_url: str | None = None
    """How browsers reach the API, e.g. `https://csbe.example.org`; `http://` with host and port when not given."""
    oidc_issuer: str | None = None
    """The OpenID Connect provider of staff, as its discovery document names itself; none when not given."""
    oidc_client_id: str | None = None
    """As whom the provider knows us; staff log in with their browsers where it is given."""
    oidc_client_secret: SecretStr | None = None
    """Our secret at the provider."""
    oidc_audience: str | None = None
    """Of the provider's access tokens, those with this `aud` are accepted at the API; none when not given."""
    oidc_subject_claim: str = "sub"
    """By what somebody is named in our records."""
    oidc_role_claim: str = "roles"
    """Where the provider says what somebody is: a text, a list, or a path with dots such as `realm_access.roles`."""
    oidc_roles: dict[str, Role] = Field(default={})
    """Which of these words means which role, as JSON: `{"csbe-operators": "operator"}`. The first that fits counts."""
    oidc_service_claim: str = "service"
    """Where the provider says for which service; without such a claim it is that of `service`, or the only one."""
    master_key: SecretStr | None = None
    """Wraps the keys of persons; 64 hexadecimal digits. Made in `data_dir` beside an embedded PostgreSQL."""
    other_master_key: SecretStr | None = None
    """Unwraps too, while one master key takes the place of another."""
    stripe_key: SecretStr | None = None
    """The secret key of Stripe; the simulated provider, which moves no money, when not given."""
    stripe_webhook_secret: SecretStr | None = None
    """With which Stripe signs what it sends to `/v1/providers/stripe/webhooks`."""
    other_stripe_webhook_secret: SecretStr | None = None
    """Counts too, while one takes the place of another."""
    stripe_return_url: str | None = None
    """Where a member's browser goes after 3-D Secure; `CSBE_PUBLIC_URL` when not given."""
    stripe_url: str | None = None
    """Another address than that of Stripe itself, for tests."""
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
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Pages of which other origins may use the API, such as `https://app.example https://admin.example`, or `*`."""
    webhook_fail_after_s: float = Field(default=24 * 3600, gt=0)
    """A webhook whose receiver has failed for so many seconds is `failed`."""
    webhook_private_receivers: bool = False
    """Whether webhooks may go to addresses of one's own network, also without https; for receivers on the premises."""
    telemetry_kept_days: int = Field(default=90, ge=1, le=LONGEST_DAYS)
    """For so many days what cars sent is kept, as it came."""
    dead_letters_kept_days: int = Field(default=90, ge=1, le=LONGEST_DAYS)
    """The same of messages of cars that could not be used."""
    reads_kept_days: int = Field(default=730, ge=90, le=LONGEST_DAYS)
    """For so many days it is on record who read what is known of a member."""
    messages_kept_days: int = Field(default=1461, ge=90, le=LONGEST_DAYS)
    """For so many days it is on record that a mail was sent to a member."""
    demand_kept_days: int = Field(default=1826, ge=1, le=LONGEST_DAYS)
    """For so many days searches and other asks for cars are kept in the reports of demand and refusals."""
    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _are_origins(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        origins = tuple(value.replace(",", " ").split())
        if wrong := [origin for origin in origins if origin != "*" and not _ORIGIN.fullmatch(origin)]:
            raise ValueError(f"{wrong[0]} is no origin: write scheme and host only, such as https://app.example")
        return origins

    @field_validator("master_key", "other_master_key")
    @classmethod
    def _is_a_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[0-9a-fA-F]{64}", value.get_secret_value()):
            raise ValueError("must be 64 hexadecimal digits, as of `openssl rand -hex 32`")
        return value

    @field_validator("postgres_dsn", "mqtt_url")
    @classmethod
    def _shows_where_its_password_ends(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            address = urlsplit(value.get_secret_value())
            if not address.scheme or any("@" in part for part in (address.path, address.query, address.fragment)):
                raise ValueError("must be a URL, in whose password / ? # and @ are written as %2F %3F %23 and %40")
        return value

    @field_validator("oidc_roles")
    @classmethod
    def _are_staff(cls, value: dict[str, Role]) -> dict[str, Role]:
        if wrong := set(value.values()) - staff_roles():
            raise ValueError(f"{min(wrong)} is no role of staff: use {', '.join(sorted(staff_roles()))}")
        return value

    @model_validator(mode="after")
    def _hears_of_its_payments(self) -> Self:
        if self.stripe_key is not None and self.stripe_webhook_secret is None:
            raise ValueError("CSBE_STRIPE_KEY needs CSBE_STRIPE_WEBHOOK_SECRET: some answers come by webhooks only")
        return self

    @model_validator(mode="after")
    def _has_an_issuer(self) -> Self:
        if self.oidc_issuer is None and (self.oidc_client_id or self.oidc_audience):
            raise ValueError("CSBE_OIDC_CLIENT_ID and CSBE_OIDC_AUDIENCE need CSBE_OIDC_ISSUER")
        return self

    @property
    def base_url(self) -> str:
        """How browsers reach the API, without a slash at the end."""
        return (self.public_url or f"http://{in_url(self.host)}:{self.port}").rstrip("/")

    @property
    def staff_rules(self) -> StaffRules:
        """What the identity provider's claims mean."""
        return StaffRules(
            subject_claim=self.oidc_subject_claim,
            role_claim=self.oidc_role_claim,
            roles=tuple(self.oidc_roles.items()),
            service_claim=self.oidc_service_claim,
        )

    def make_data_dir(self) -> None:
        """Make the data directory where it is missing. Raises `ValueError` when it cannot be written."""
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"CSBE_DATA_DIR {self.data_dir} cannot be made: {error.strerror}") from error


def refuse_unknown(environment: Mapping[str, str]) -> None:
    """Raise `ValueError` where a variable with our prefix is no setting, or has no value: it would do nothing."""
    known = sorted(f"{PREFIX}{name.upper()}" for name in Settings.model_fields)
    wrong = []
    for name, value in sorted(environment.items()):
        if not name.upper().startswith(PREFIX) or name.upper().startswith(OF_TESTS):
            continue
        if name.upper() not in known:
            nearest = get_close_matches(name.upper(), known, n=1)
            wrong.append(f"{name} is no setting" + (f": did you mean {nearest[0]}?" if nearest else ""))
        elif not value.strip():
            wrong.append(f"{name} is empty: give it a value, or take it away")
    if wrong:
        raise ValueError("; ".join(wrong))
