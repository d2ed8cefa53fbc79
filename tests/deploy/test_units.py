"""The units and the proxy's file are what systemd and nginx take, and the page about installing names them all."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from api.composition import Component
from api.settings import Settings

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "deploy" / "systemd"
PAGE = (ROOT / "docs" / "how-to" / "install.md").read_text("utf-8")
SYSTEMD = shutil.which("systemd-analyze")


@pytest.mark.skipif(SYSTEMD is None, reason="there is no systemd on this machine")
def test_systemd_takes_the_units_for_the_whole_and_for_each_part(tmp_path: Path) -> None:
    assert SYSTEMD
    files = {"csbe.service": "csbe.service"} | {f"csbe@{part}.service": "csbe@.service" for part in Component}
    for name, source in files.items():
        text = (UNITS / source).read_text("utf-8").replace("/opt/csbe/bin/csbe", "/bin/true")
        (tmp_path / name).write_text(text)

    said = subprocess.run(  # noqa: S603 (our own words)
        [SYSTEMD, "verify", "--man=no", *(str(tmp_path / name) for name in files)],
        capture_output=True,
        text=True,
        check=False,
    )

    ours = [line for line in said.stderr.splitlines() if "csbe" in line]
    assert (said.returncode, ours) == (0, [])


def test_the_unit_of_a_part_is_that_of_the_whole_but_for_the_part() -> None:
    whole, part = [(UNITS / name).read_text("utf-8").split("[Unit]")[1] for name in ("csbe.service", "csbe@.service")]

    assert (
        part.replace(", part %i", ", Car Sharing Backend System")
        .replace(" --only %i", "")
        .replace("EnvironmentFile=/etc/csbe/%i.env\n", "")
        == whole
    )


def test_the_page_names_every_file_and_settings_that_there_are() -> None:
    folders = (UNITS, ROOT / "deploy" / "nginx")
    files = [file.relative_to(ROOT).as_posix() for folder in folders for file in folder.iterdir()]
    named = set(re.findall(r"\bCSBE_([A-Z_]+)\b", PAGE + (ROOT / "deploy" / "nginx" / "csbe.conf").read_text("utf-8")))

    assert [
        file for file in files if file not in PAGE and Path(file).parent.name not in {"prometheus", "grafana"}
    ] == []
    assert {name.lower() for name in named} <= Settings.model_fields.keys()


def test_the_command_for_root_has_the_settings_of_the_service_its_user_and_who_came_by_sudo(tmp_path: Path) -> None:
    (tmp_path / "csbe.env").write_text(
        "# settings\nCSBE_MASTER_KEY=64 digits; $(no shell)\n\nCSBE_SERVICE=drivenow-europe\n"
    )
    runuser = tmp_path / "runuser"
    runuser.write_text('#!/bin/sh\necho "$@"; env\n')
    runuser.chmod(0o755)
    text = (ROOT / "deploy" / "csbe").read_text("utf-8").replace("/etc/csbe/", f"{tmp_path}/")

    ended = subprocess.run(  # noqa: S603 (our own words)
        ["/bin/sh", "-c", text, "csbe", "followers", "status"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "SUDO_USER": "olga"},
        capture_output=True,
        text=True,
        check=True,
    )

    said = ended.stdout.splitlines()
    assert said[0] == "-u csbe -- env LOGNAME=olga /opt/csbe/bin/csbe followers status"
    assert {"CSBE_MASTER_KEY=64 digits; $(no shell)", "CSBE_SERVICE=drivenow-europe"} <= set(said)
