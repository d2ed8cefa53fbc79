"""Everything that this project does to itself: `nox` alone checks and tests all of it, `nox -s demo` shows it."""

import os
import shutil
import socket
from pathlib import Path
from urllib.parse import urlsplit

import nox

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["lint", "docs", "tests", "servers"]
nox.options.stop_on_first_error = False

NEEDED = {
    "the browser tests": (("chromium", "chromedriver"), ("chromium", "chromium-driver")),
    "the tests of the broker's security": (("mosquitto", "mosquitto_pub"), ("mosquitto", "mosquitto-clients")),
    "the tests of the installation": (("nginx", "mosquitto_pub"), ("nginx-light", "mosquitto-clients")),
    "the tests of what a pooler does": (("pgbouncer",), ("pgbouncer",)),
    "the tests of what analysts and auditors type": (("psql",), ("postgresql-client",)),
    "the tests of staff's logins": (("node", "npm"), ("nodejs", "npm")),
}
"""What needs which programs, and Debian's packages that have them."""

SERVERS = {
    "CSBE_TEST_POSTGRES_DSN": "postgresql://postgres@127.0.0.1:5432/postgres",
    "CSBE_TEST_MQTT_URL": "mqtt://127.0.0.1:1883",
}
"""Where the tests look for real servers, and where those of a developer's machine usually are."""

IN_PARALLEL = ("-n", "3", "--dist", "loadfile")
"""Tests wait more than they work, so three keep two cores busy. Each process has a database and a broker of its own."""

ON_SERVERS = ("tests/adapters", "tests/projections", "tests/api", "tests/journeys")
OF_FILES = tuple(f"--ignore=tests/adapters/{room}" for room in ("bank", "books", "documents"))
"""What only reads and writes files is the same on any server."""


@nox.session
def lint(session: nox.Session) -> None:
    """Style, format, types and the arrows between packages."""
    _install(session, "lint", "test")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into build/site; a broken link or an unlisted page fails."""
    _install(session, "docs")
    session.run("mkdocs", "build", "--strict", "--site-dir", "build/site", env={"NO_MKDOCS_2_WARNING": "1"})


@nox.session
def tests(session: nox.Session) -> None:
    """All tests: unit, property, adapter, journey, browser, and the documents' code blocks. Arguments go to pytest."""
    _install(session, "test")
    _provide_programs(session)
    _provide_promtool(session)
    _provide_clock(session)
    session.run("pytest", *(session.posargs or IN_PARALLEL))


@nox.session
def servers(session: nox.Session) -> None:
    """The tests that need a database or a broker, on real servers: those given, or those that run on this machine."""
    given = {name: os.environ.get(name) or url for name, url in SERVERS.items()}
    if not all(_listens(url) for url in given.values()):
        session.skip(f"no servers at {' and '.join(SERVERS)}, nor PostgreSQL and MQTT on this machine")
    _install(session, "test")
    session.run("pytest", *(session.posargs or (*IN_PARALLEL, *ON_SERVERS, *OF_FILES)), env=given)


@nox.session
def demo(session: nox.Session) -> None:
    """Run a whole simulated city. What follows `--` goes to `csbe demo`."""
    _install(session)
    session.run("csbe", "demo", *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure, write build/benchmarks.json, and docs/performance.md from it."""
    _install(session, "test", "bench")
    Path("build").mkdir(exist_ok=True)
    session.run("python", "-m", "tests.benchmarks", *session.posargs)
    session.run("python", "docs/performance_page.py")


@nox.session(default=False)
def report_plots(session: nox.Session) -> None:
    """Make up some months, ask the queries of the analysts' guide, and draw what they answer into docs/images."""
    _install(session, "test", "bench")
    session.run("python", "-m", "tests.months")
    session.run("python", "docs/report_plots.py")


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Fuzz API, MQTT and command line deeper than CI does, with a new seed each time, which is printed."""
    _install(session, "test")
    seed = os.environ.get("CSBE_FUZZ_SEED") or str(int.from_bytes(os.urandom(4)))
    depth = os.environ.get("CSBE_FUZZ_DEPTH") or "20"
    more = ("--timeout", "3600")
    session.run("pytest", "tests/fuzz", *more, *session.posargs, env={"CSBE_FUZZ_SEED": seed, "CSBE_FUZZ_DEPTH": depth})


@nox.session(default=False)
def torture(session: nox.Session) -> None:
    """Rounds of faults under load, judged by a checker of histories: 300, or what follows `--`, e.g. `--seed S`."""
    _install(session, "test")
    _provide_clock(session)
    session.run("python", "-m", "tests.torture", *(session.posargs or ("--rounds", "300")))


@nox.session(default=False)
def simulated_day(session: nox.Session) -> None:
    """A day of 640 cars, each fault with 20 of them at least, and of their members: `--seed S`, `--cars N`."""
    _install(session, "test")
    session.run("python", "-m", "tests.day", *session.posargs)


@nox.session(default=False)
def constraints(session: nox.Session) -> None:
    """Pin all dependencies anew, with hashes and without any registry's address."""
    session.run(
        *("uv", "pip", "compile", "pyproject.toml", "--upgrade", "--universal", "--python-version", "3.11"),
        *("--group", "test", "--group", "lint", "--group", "docs", "--group", "bench"),
        *("--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--quiet"),
        *("--output-file", "constraints.txt"),
        external=True,
    )


def _install(session: nox.Session, *groups: str) -> None:
    """Install the project, editable, with these dependency groups; versions and hashes come from constraints.txt."""
    chosen = [argument for group in groups for argument in ("--group", group)]
    session.install("--constraint", "constraints.txt", "--verify-hashes", "--editable", ".", *chosen)


def _listens(url: str) -> bool:
    """Whether somebody accepts connections there."""
    parts = urlsplit(url)
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((parts.hostname or "127.0.0.1", parts.port or 5432)) == 0


def _provide_clock(session: nox.Session) -> None:
    """Install Debian's libfaketime where we may: without it no clock is set back, and the rounds say so."""
    if not list(Path("/usr/lib").glob("*/faketime")):
        _install_debian(session, "libfaketime")


def _provide_programs(session: nox.Session) -> None:
    """Install what is missing, where we may; on CI its absence is an error, never a skipped test."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    for what, (programs, packages) in NEEDED.items():
        if all(shutil.which(program, path=path) for program in programs) or _install_debian(session, *packages):
            continue
        words = f"{what} need Debian's packages {' and '.join(packages)}"
        if os.environ.get("CI") == "true":
            session.error(words)
        session.warn(f"{words}: they will be skipped")


def _provide_promtool(session: nox.Session) -> None:
    """Unpack Debian's promtool into build/prometheus: installed, its package would start a server."""
    if shutil.which("promtool") or Path("build/prometheus/usr/bin/promtool").exists():
        return
    if shutil.which("apt-get"):
        if os.geteuid() == 0:
            session.run("apt-get", "update", "-qq", external=True, silent=True)
        folder = Path("build/prometheus")
        folder.mkdir(parents=True, exist_ok=True)
        with session.chdir(folder):
            session.run("apt-get", "download", "-qq", "prometheus", external=True, silent=True, success_codes=[0, 100])
            for package in Path().glob("*.deb"):
                session.run("dpkg-deb", "--extract", str(package), ".", external=True, silent=True)
                package.unlink()
    if not Path("build/prometheus/usr/bin/promtool").exists():
        words = "the tests of alerts need promtool, of Debian's package prometheus"
        if os.environ.get("CI") == "true":
            session.error(words)
        session.warn(f"{words}: they will be skipped")


def _install_debian(session: nox.Session, *packages: str) -> bool:
    """Install packages of the system, if it is Debian's and we are root; whether we are."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    session.run("apt-get", "update", "-qq", external=True, silent=True)
    session.run(
        *("apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages),
        external=True,
        silent=True,
        env={"DEBIAN_FRONTEND": "noninteractive"},
    )
    return True
