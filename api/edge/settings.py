"""Settings of the API's edge: who is let in, how fast, and how long anybody may keep us waiting."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Network = IPv4Network | IPv6Network


def in_url(host: str) -> str:
    """A name or address as it stands in a URL and a Host header: IPv6 in brackets (RFC 3986, 3.2.2)."""
    return f"[{host}]" if ":" in host else host


def _split(value: Any) -> Any:
    """The parts of what an environment variable lists."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Listed = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_split)]

LOOPBACK: tuple[Network, ...] = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

Seconds = Annotated[float, Field(gt=0, le=3600)]
Count = Annotated[int, Field(gt=0)]
Rate = Annotated[float, Field(gt=0)]


class EdgeSettings(BaseSettings):
    """What stands between the network and the routes."""

    model_config = SettingsConfigDict(env_prefix="CSBE_", extra="ignore", use_attribute_docstrings=True)

    tls_certificate_file: Path | None = None
    """The certificate (PEM, with its chain) by which the API speaks HTTPS; plain HTTP when not given."""
    tls_key_file: Path | None = None
    """The private key (PEM) of that certificate, where it is not in the same file."""
    https_only: bool = False
    """Whether browsers are told to come by HTTPS only (HSTS); also where a proxy speaks it for us."""
    allowed_hosts: Listed = ()
    """Names, separated by commas, by which the API may be asked for, `*.example.org` for all below;
    when not given, the address that it listens on and this machine's own names."""
    trusted_proxies: Networks = ()
    """Networks, separated by commas, of proxies whose `X-Forwarded-For` is believed."""
    trusted_networks: Networks = LOOPBACK
    """Networks, separated by commas, whose requests are not limited."""
    head_seconds: Seconds = 10
    """A connection that has not sent the headers of a request in so many seconds is cut."""
    body_seconds: Seconds = 20
    """A request whose body takes longer is cut."""
    write_seconds: Seconds = 30
    """A client that reads nothing of its answer for so long is cut."""
    keep_alive_seconds: Count = 15
    """How long a connection may stay without a request; longer than the proxy's own limit where there is one."""
    drain_seconds: Count = 10
    """How long what is under way may take at the end of the process."""
    max_connections: Count = 2000
    """So many connections are kept; the one that has said nothing for longest makes room."""
    max_connections_per_source: Count = 200
    """The same for one address; not for trusted proxies and networks."""
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """Where `/metrics` is answered, by plain HTTP; when not given, at the API's port, for trusted networks only."""
    metrics_host: str = "127.0.0.1"
    """The address of that port."""
    access_log: bool = False
    """Whether each request has a line in the log."""
    source_requests_per_second: Rate = 20
    """How many requests without a token of ours an address, or an IPv6 network, may send as time goes on."""
    source_requests_at_once: Rate = 200
    """The same in a burst."""
    caller_requests_per_second: Rate = 20
    """How many requests whoever has a token may send as time goes on."""
    caller_requests_at_once: Rate = 400
    """The same in a burst."""
    streams_per_caller: Count = 10
    """How many event streams whoever has a token may have open."""
    max_streams: Count = 200
    """How many event streams a process serves."""
    requests_at_once: Count = 32
    """How many requests are worked on at the same time; others wait, the most urgent first."""
    requests_waiting: Count = 256
    """How many wait at most; more are told 503."""
    webhooks_per_partner: Count = 100
    """How many webhooks a partner may have."""
    mails_per_address: Count = 10
    """How many mails to one address may be asked for in an hour before its owner is known, such as by registering."""

    @property
    def is_https_only(self) -> bool:
        """Whether browsers are told so; they are where we speak HTTPS ourselves."""
        return self.https_only or self.tls_certificate_file is not None
