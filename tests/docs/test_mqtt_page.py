"""The page for those who build telematics units names all that is taken, told and found odd."""

import re
from pathlib import Path
from typing import get_args

import pytest

from adapters.mqtt.anomalies import Anomaly
from adapters.mqtt.payloads import ResponseMessage, SignalValue
from adapters.mqtt.signals import _SINGLE, told_by
from domain.kernel.policy import CommandType

PAGE = (Path(__file__).parents[2] / "docs/reference/mqtt.md").read_text("utf-8")
TRUE_OF: dict[str, SignalValue] = {
    "FixType": "THREE_D",
    "LowVoltageSystemState": "ON",
    "DTCList": ["P0301"],
    "IsLocked": True,
    "IsOpen": True,
    "IsChargingCableConnected": True,
    "IsDeployed": True,
}
SIGNALS = re.findall(r"`(Vehicle(?:\.[A-Za-z0-9]+)+)`", PAGE[PAGE.index("| signal |") : PAGE.index("## Commands")])


def rows(title: str) -> set[str]:
    """The names in the first column of a table."""
    table = PAGE[PAGE.index(f"| {title} |") :].split("\n\n")[0].splitlines()[2:]
    return {name for row in table for name in re.findall(r"`(\w+)`", row.split("|")[1])}


@pytest.mark.parametrize("path", SIGNALS)
def test_each_signal_of_the_page_is_taken(path: str) -> None:
    told = told_by({path: TRUE_OF.get(path.rpartition(".")[2], 50)})

    assert told.singles or told.parts
    assert not told.left_out


def test_every_single_signal_that_is_taken_is_on_the_page() -> None:
    assert set(SIGNALS) >= set(_SINGLE)


def test_the_page_has_every_command_status_and_anomaly_and_no_other() -> None:
    assert rows("`type`") == set(get_args(CommandType))
    assert rows("`status`") == set(get_args(ResponseMessage.model_fields["status"].annotation))
    assert set(re.findall(r"\| `(\w+)` \|", PAGE[PAGE.index("| what is odd") :])) == {each.value for each in Anomaly}
