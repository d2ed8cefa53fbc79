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

`append_vs_stock_*` compares with the PostgreSQL recorder of the eventsourcing library, with 1 and with 32 clients;
`append_vs_emmett_32` with Emmett's PostgreSQL event store in Node; `append_batch_vs_copy` appends entries of 100 events
and compares with COPY of the same rows; `append_4proc_vs_1proc` is four processes with 8 clients each against one with
32, while a reader checks the order. `reserve_vs_noop` is a reservation
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

COSTS = """\
## What an append costs

An append is one call of one database function: a row in `csbe.events` (two indexes), a row in `csbe.commands` (one
index), a notification, a commit. On the machine that this was tuned on, with 2 virtual cores and a disk that flushes
in a quarter of a millisecond, PostgreSQL needs for batches of up to 128 events

- about 200 us of processor time for a batch, whatever is in it, of which a bare question and answer is 60 us;
- about 20 us more for each event. In batches of 32, three tenths of all are index entries, an eighth is the row, an
  eighth the flush, and a tenth was parsing the metadata, which is now done before the lock.

So an event alone takes half a millisecond from call to answer, and each of a hundred together about 40 us.

What limits it:

- **One client** waits for its own flush and for two changes of process; nobody shares them.
- **32 clients** share them, and two cores do everything. With one batch under way, Python and PostgreSQL took turns;
  with two, both work: 12,000 events a second became 15,000 to 17,000, and 18,000 became 23,000 with 128 clients. A
  third batch under way made it slower.
- **Several processes** stand in the queue of the append lock, which is held over the flush so that the order is safe.
- **Large entries** spread the cost of the batch; what is left is the cost of rows and index entries, as in COPY."""


def main() -> None:
    """One row for each figure."""
    figures: dict[str, object] = json.loads(FIGURES.read_text("utf-8"))
    numbers = {name: value for name, value in figures.items() if isinstance(value, int | float)}  # curves are drawn
    rows = [f"| `{name}` | {value:,.2f} |" for name, value in sorted(numbers.items())]
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
            "",
            COSTS,
        ]
    )
    PAGE.write_text(text + "\n", "utf-8")


main()
