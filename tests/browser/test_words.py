"""The live page says each type of event in words."""

import re
from pathlib import Path

from domain import contexts

WORDS = Path(__file__).parents[2] / "api" / "pages" / "live" / "words.js"


def test_every_type_of_event_has_a_sentence_and_every_kind_a_name() -> None:
    text = WORDS.read_text("utf-8")

    said = set(re.findall(r'^  "([a-z_.]+)": ".+",$', text, re.MULTILINE))
    kinds = set(re.findall(r"^  (\w+): ", text.partition("KINDS = {")[2].partition("}")[0], re.MULTILINE))

    assert said == set(contexts.EVENTS)
    assert kinds == {topic.split(".")[0] for topic in contexts.EVENTS}
