"""What the API asks of the database itself: read models and reports, and no table of the event store."""

import re
from pathlib import Path

API = Path(__file__).parents[2] / "api"
_ASKS = re.compile(r"\b(?:from|join|into|update|delete)\s+csbe\.\w+", re.IGNORECASE)


def test_only_adapters_have_sql_on_tables_of_the_event_store() -> None:
    asked = {found for file in API.rglob("*.py") for found in _ASKS.findall(file.read_text("utf-8"))}

    own = {"from csbe.personal_reads", "from csbe.bank_entries"}
    work = {"from csbe.jobs", "from csbe.dropped_jobs", "from csbe.messages_sent"}
    assert asked == own | work  # what the API itself notes, and what became of what was to be done
