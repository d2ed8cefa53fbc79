"""The guide to an installation, played step by step: in a folder instead of /etc, at free ports, without systemd.

A server of PostgreSQL of its own lets in by the name of the system's user, and by password over TCP, as Debian's does.
nginx is Debian's, with Debian's own configuration around our file.
"""

import getpass
import os
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from adapters.embedded.broker import free_port
from adapters.embedded.postgres import PROGRAMS, server_user
from tests.adapters.devices.guide import IS_PLAYABLE as HAS_BROKER
from tests.adapters.devices.guide import Guide

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "install.md").read_text("utf-8")
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
DEBIAN = Path("/etc/nginx/nginx.conf")
IS_PLAYABLE = HAS_BROKER and NGINX is not None and DEBIAN.exists() and os.access("/var/lib/nginx", os.W_OK)

PATIENCE_S = 120
NAME = "api.example.org"
"""As the page calls the server."""
SMALL = {
    "CSBE_TRUSTED_NETWORKS": "127.0.0.1/32",
    "CSBE_SOURCE_REQUESTS_PER_SECOND": "0.001",
    "CSBE_SOURCE_REQUESTS_AT_ONCE": "20",
}
"""Clients of a test have addresses of the loopback; they are strangers, and their limit is soon reached."""

_FOLDERS = (
    *("programs", "run", "opt/csbe/bin", "var/lib/csbe", "var/log/nginx"),
    *("etc/csbe", "etc/systemd/system", "etc/nginx/conf.d", "etc/nginx/sites-enabled"),
)
_PEOPLE = """
local all all peer map=here
host all all 127.0.0.1/32 scram-sha-256
"""
_SU = """#!/bin/sh
PGUSER="$1" exec sh -c "$3"
"""
_CERTBOT = """#!/bin/bash -eu
[ "$1 $2 $3" = "certonly --standalone --domain" ]
mkdir -p {root}/etc/letsencrypt/live/$4
cd {root}/etc/letsencrypt/live/$4
openssl req -x509 -newkey rsa:2048 -nodes -days 1 -subj "/CN=$4" -addext "subjectAltName=DNS:$4" \
    -keyout privkey.pem -out fullchain.pem 2> {root}/openssl
"""
_NGINX = """#!/bin/sh
sed -i -e 's#listen 443 #listen {https} #; s#listen 80;#listen {http};#; s#127.0.0.1:8123#127.0.0.1:{api}#' \
    -e 's# /etc/letsencrypt/# {root}/etc/letsencrypt/#' {root}/etc/nginx/conf.d/csbe.conf
exec {nginx} -c {root}/etc/nginx/nginx.conf "$@"
"""
_SYSTEMCTL = """#!/bin/sh
echo "$@" >> {root}/systemctl
[ "$*" != "reload nginx" ] || exec nginx
"""


def blocks(language: str) -> list[str]:
    """The page's blocks of a language, in order."""
    found = re.findall(rf"^    ```{language}\n(.*?)^    ```", PAGE, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for block in found]


def environment_of(text: str) -> dict[str, str]:
    """What systemd makes of an environment file of lines that need no quotes."""
    return dict(line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))


@dataclass
class Machine:
    """Where the page's lines can be given, one step after another."""

    root: Path
    database: int = field(default_factory=free_port)
    api: int = field(default_factory=free_port)
    http: int = field(default_factory=free_port)
    https: int = field(default_factory=free_port)
    metrics: int = field(default_factory=free_port)
    service: subprocess.Popen[bytes] | None = None
    manager: socket.socket = field(default_factory=lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
    """Hears what the service says of itself."""

    def __post_init__(self) -> None:
        self.root.chmod(0o755)
        for folder in _FOLDERS:
            (self.root / folder).mkdir(parents=True)
        ports = {"api": self.api, "http": self.http, "https": self.https}
        for name, text in {"su": _SU, "certbot": _CERTBOT, "nginx": _NGINX, "systemctl": _SYSTEMCTL}.items():
            self._program(self.root / "programs" / name, text.replace("{nginx}", str(NGINX)), ports)
        self._program(self.csbe, f'#!/bin/sh\nexec {sys.executable} -m api.cli "$@"\n', {})
        around = DEBIAN.read_text("utf-8")
        for folder in ("/etc/nginx/conf.d", "/etc/nginx/sites-enabled", "/var/log/nginx", "/run/nginx.pid"):
            around = around.replace(folder, f"{self.root}{folder}")
        (self.root / "etc/nginx/nginx.conf").write_text(around)

    @property
    def csbe(self) -> Path:
        """Where the page installs the program."""
        return self.root / "opt/csbe/bin/csbe"

    def begin(self) -> None:
        """Have what Debian's package of PostgreSQL leaves: a server that is empty."""
        data, me = self.root / "postgresql", getpass.getuser()
        data.mkdir()
        if user := server_user():
            shutil.chown(data, user, user)
        self._as_postgres("initdb", "--auth=trust", "--username=postgres", "--pgdata", str(data))
        (data / "pg_hba.conf").write_text(_PEOPLE)
        (data / "pg_ident.conf").write_text(f"here {me} postgres\nhere {me} csbe\n")
        options = f"-p {self.database} -k {data} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._as_postgres(
            "pg_ctl", "start", "--wait", "--pgdata", str(data), "--log", f"{data}/log", "--options", options
        )

    def give(self, lines: str, typed: str = "") -> str:
        """Give lines to a shell in the folder of the sources; each must succeed. Returns what they print."""
        ended = subprocess.run(  # noqa: S603 (the page's own lines)
            ["/bin/bash", "-euo", "pipefail", "-c", self._here(lines)],
            cwd=ROOT, env=self._surroundings({}), text=True, input=typed, capture_output=True,
            timeout=PATIENCE_S, check=False, start_new_session=True,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout

    def secure_the_broker(self) -> Guide:
        """The step that is a page of its own."""
        (self.root / "broker").mkdir()
        guide = Guide(self.root / "broker")
        guide.play("Make the authority")
        guide.play("Set up the broker")
        shutil.copytree(guide.root / "csbe-data/devices/backend", self.root / "etc/csbe/broker")
        return guide

    def configure(self, text: str, broker: Guide) -> None:
        """Write the page's settings, with this machine's addresses and a key of its own."""
        here = (
            self._here(text)
            .replace("broker.example:8884", f"localhost:{broker.backend}")
            .replace("64 hexadecimal digits, of openssl rand -hex 32", secrets.token_hex(32))
            .replace("9123", str(self.metrics))
        )
        more = {**SMALL, "CSBE_PORT": str(self.api)}
        (self.root / "etc/csbe/csbe.env").write_text(here + "".join(f"{n}={v}\n" for n, v in more.items()))

    def start(self, unit: str) -> None:
        """As systemd does by a unit: until it says of itself that it is up."""
        said = (self.root / "etc/systemd/system" / unit).read_text("utf-8")
        facts = dict(re.findall(r"^(Type|ExecStart|EnvironmentFile)=(.*)$", said, re.MULTILINE))
        assert facts["Type"] == "notify"
        self.manager.bind(notify := str(self.root / "notify"))
        self.manager.settimeout(PATIENCE_S)
        with (self.root / "journal").open("wb") as journal:
            self.service = subprocess.Popen(  # noqa: S603 (the unit's own words)
                shlex.split(self._here(facts["ExecStart"])), cwd="/", stderr=journal, stdout=journal,
                env=self._surroundings({**self.settings(), "NOTIFY_SOCKET": notify}),
            )  # fmt: skip
        assert self.manager.recv(100) == b"READY=1"

    def settings(self) -> dict[str, str]:
        """Those of the service."""
        return environment_of((self.root / "etc/csbe/csbe.env").read_text("utf-8"))

    def operator(self, *words: str) -> str:
        """What an operator's command prints, with the service's settings."""
        done = subprocess.run(  # noqa: S603 (our own program)
            [self.csbe, *words], cwd=self.root, env=self._surroundings(self.settings()), text=True,
            capture_output=True, timeout=PATIENCE_S, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def stop(self) -> None:
        """End all that was started."""
        if self.service is not None:
            self.service.terminate()
            self.service.wait(PATIENCE_S)
        self.manager.close()
        if (pid := self.root / "run/nginx.pid").exists():
            os.kill(int(pid.read_text()), signal.SIGTERM)
        if (self.root / "postgresql/postmaster.pid").exists():
            self._as_postgres("pg_ctl", "stop", "--mode", "immediate", "--pgdata", str(self.root / "postgresql"))

    def _here(self, lines: str) -> str:
        for there, here in (
            ("@127.0.0.1/csbe", f"@127.0.0.1:{self.database}/csbe"),
            ("host=/run/postgresql", f"host={self.root}/postgresql&port={self.database}"),
            ("127.0.0.1:8123", f"127.0.0.1:{self.api}"),
            *((folder, f"{self.root}{folder}") for folder in ("/etc/", "/var/lib/csbe", "/opt/csbe")),
        ):  # fmt: skip
            lines = lines.replace(there, here)
        return lines

    def _surroundings(self, more: Mapping[str, str]) -> dict[str, str]:
        path = f"{self.root}/programs:{PROGRAMS}:{os.environ['PATH']}:/usr/sbin"
        where = {"PGHOST": f"{self.root}/postgresql", "PGPORT": str(self.database)}
        return {"PATH": path, "PYTHONPATH": str(ROOT), "HOME": str(self.root), "COLUMNS": "200", **where, **more}

    def _as_postgres(self, *call: str) -> None:
        user = server_user()
        with (self.root / "said").open("w+") as said:
            done = subprocess.run(  # noqa: S603 (our own programs)
                [str(PROGRAMS / call[0]), *call[1:]], cwd="/", user=user, group=user,
                stdin=subprocess.DEVNULL, stdout=said, stderr=said, check=False,
            )  # fmt: skip
        assert done.returncode == 0, (self.root / "said").read_text()

    def _program(self, path: Path, text: str, facts: Mapping[str, object]) -> None:
        path.write_text(text.format(root=self.root, **facts) if facts else text)
        path.chmod(0o755)


def around(block: str, beginning: str) -> tuple[str, str, str]:
    """The lines before the one that begins so, that one, and those after."""
    before, line, after = re.split(rf"^({re.escape(beginning)}.*)$", block, maxsplit=1, flags=re.MULTILINE)
    return before, line, after
