"""The services that tests run: those that are shipped."""

from collections.abc import Iterable
from datetime import UTC, datetime

from adapters.rulebooks import shipped_texts
from domain.rulebook.history import RulebookHistory, RulebookVersion
from domain.rulebook.loading import text
from domain.rulebook.model import Rulebook

RULEBOOKS = {key: text(files) for key, files in shipped_texts().items()}
DRIVENOW_EUROPE = RULEBOOKS["drivenow-europe"]
REACHNOW_USA = RULEBOOKS["reachnow-usa"]


class GivenRulebooks(RulebookHistory):
    """Rules that hold without having been published, from ever on."""

    def __init__(self, rulebooks: Iterable[Rulebook] = tuple(RULEBOOKS.values())) -> None:
        super().__init__()
        for rulebook in rulebooks:
            self.hold(rulebook)

    def hold(self, rulebook: Rulebook) -> None:
        """From now on these."""
        before = self.newest(rulebook.key)
        number = before.version + 1 if before else 1
        self.add(RulebookVersion(number, rulebook, datetime.min.replace(tzinfo=UTC)))

    async def refresh(self) -> None:
        """There is nothing to take up."""
