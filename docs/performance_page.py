"""Writes docs/performance.md from build/benchmarks.json; `nox -s benchmarks` runs it after measuring."""

import json
import os
import platform
from pathlib import Path

FIGURES = Path("build/benchmarks.json")
PAGE = Path("docs/performance.md")

WORDS = """\
Measured by `nox -s benchmarks` on {machine}, with fsync on. Both sides of a ratio run in turns in one run, on the
same server; the median round counts. Names ending in `_s` and `_ms` are seconds and milliseconds.

`append_*` compares with the PostgreSQL recorder of the eventsourcing library, with 1 and with 32 clients. One
client's append is bound by its one fsync; 32 clients share it by group commit. `reserve_vs_noop` is a reservation
over HTTP, with projections and policies running in the same process, against an empty POST of the same server and
clients: it is bound by the processor (see below). `ingest_vs_raw` is messages of cars that are durable, told to
fleet and only then acknowledged, against a bare aiomqtt subscriber that acknowledges at once; both take what waits for
them in a session of MQTT 5 at a Mosquitto of their own (of MQTT 3.1.1 at the embedded broker, where there is none).
`demo_first_page_s` is from `csbe demo` to a page whose API shows all
640 cars, with the packages installed. `tracing_off_cost` and `tracing_on_cost` are percent more processor time per
command than with the hooks for traces taken out, while traces are off and while every command is sampled and sent.
`load_us_*` are microseconds to load a car of 1,000 events: from memory (one question for what came since), from its
snapshot, and from its events alone; the ratio is of the last two.

**What limits a reservation.** Microseconds of the server process for each, profiled before and after the last work on
it, to a fifth or so; an empty POST takes 600. The followers are those of projections and policies, which run beside;
of the rest most is the event loop and the protocol of PostgreSQL.

| part | before | after |
|---|---:|---:|
| followers | 1,700 | 1,600 |
| HTTP, routing, dependencies, answer | 750 | 400 |
| token, checked for the first time | 200 | 200 |
| command: load, decide, encode, append | 450 | 400 |
| event loop, database protocol, tasks | 2,100 | 1,100 |
| together | 5,200 | 3,700 |

**What limits ingest.** The library's share, about 220 of 450 microseconds for each message, half of it for the
properties of MQTT 5; then reading the JSON, judging whether it is believable (60), telling fleet what has changed
(45), and the row for COPY (25). It is one process at one processor; more processes share the load."""


def main() -> None:
    """One row for each figure."""
    figures: dict[str, float] = json.loads(FIGURES.read_text("utf-8"))
    rows = [f"| `{name}` | {value:,.2f} |" for name, value in sorted(figures.items())]
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    text = "\n".join(
        [
            "# Performance",
            "",
            WORDS.format(machine=machine),
            "",
            "| figure | value |",
            "|---|---:|",
            *rows,
        ]
    )
    PAGE.write_text(text + "\n", "utf-8")


main()
