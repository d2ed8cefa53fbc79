"""The guide to a secure broker, played line by line: in a folder instead of /etc, at free ports, without systemd."""

import getpass
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from adapters.embedded.broker import free_port
from tests.support.brokers import MOSQUITTO

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "secure-the-broker.md"

_SYSTEMCTL = """#!/bin/bash
[ -e {root}/pid ] && pid=$(cat {root}/pid)
if [ "$1" = reload ]; then kill -HUP $pid; exit; fi
if [ -n "$pid" ]; then kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.02; done; fi
sed -e 's#/etc/mosquitto/#{root}/etc/#; s#/var/lib/mosquitto/#{root}/lib/#' \
    -e 's#listener 8883#listener {cars} localhost#; s#listener 8884#listener {backend} localhost#' \
    {root}/etc/mosquitto.conf > {root}/running.conf
echo "user {user}" >> {root}/running.conf
setsid {mosquitto} -c {root}/running.conf > {root}/log 2>&1 < /dev/null &
echo $! > {root}/pid
for port in {cars} {backend}; do
    until (exec 3<> /dev/tcp/localhost/$port) 2>/dev/null; do kill -0 $! || exit 1; sleep 0.02; done
done
"""


@dataclass
class Guide:
    """A place where the page's lines can be given."""

    root: Path
    cars: int = field(default_factory=free_port)
    backend: int = field(default_factory=free_port)
    settings: dict[str, str] = field(default_factory=dict)
    """What the lines export."""

    def __post_init__(self) -> None:
        programs = self.root / "programs"
        for folder in ("etc", "lib", "programs"):
            (self.root / folder).mkdir()
        facts = {"root": self.root, "cars": self.cars, "backend": self.backend}
        self._program("systemctl", _SYSTEMCTL.format(**facts, mosquitto=MOSQUITTO, user=getpass.getuser()))
        self._program("chown", "#!/bin/sh\n")
        self._program("csbe", f'#!/bin/sh\nexec {sys.executable} -m api.cli "$@"\n')
        self._path = f"{programs}:{os.environ['PATH']}:/usr/sbin"

    def play(self, heading: str) -> str:
        """Give the lines under a heading; returns what they print."""
        section = PAGE.read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
        lines = "\n".join(re.findall(r"^```bash\n(.*?)^```", section, re.MULTILINE | re.DOTALL))
        self.settings |= {
            n: self._here(v.strip('"')) for n, v in re.findall(r"^export (\w+)=(.*)$", lines, re.MULTILINE)
        }
        return self.give(self._here(lines))

    def give(self, lines: str) -> str:
        """Give lines to a shell; each must succeed."""
        environment = {"PATH": self._path, "PYTHONPATH": str(PAGE.parents[2]), "HOME": str(self.root), "COLUMNS": "200"}
        ended = subprocess.run(  # noqa: S603 (the page's own lines)
            ["/bin/bash", "-euc", lines],
            cwd=self.root, env=environment, text=True, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    def stop(self) -> None:
        """End the broker."""
        if (self.root / "pid").exists():
            os.kill(int((self.root / "pid").read_text()), signal.SIGTERM)

    def _here(self, lines: str) -> str:
        for there, here in (
            ("broker.example", "localhost"), ("8883", str(self.cars)), ("8884", str(self.backend)),
            ("/etc/mosquitto", f"{self.root}/etc"), ("csbe-data", str(self.root / "csbe-data")),
        ):  # fmt: skip
            lines = lines.replace(there, here)
        return lines

    def _program(self, name: str, text: str) -> None:
        program = self.root / "programs" / name
        program.write_text(text)
        program.chmod(0o755)


IS_PLAYABLE = MOSQUITTO is not None and shutil.which("mosquitto_pub") is not None
