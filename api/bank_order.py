"""An order to act on what a bank says: for which service, who gave it and why."""

from dataclasses import dataclass
from typing import Literal

from api.system import System
from domain.kernel.errors import DomainError, RefusedError
from domain.kernel.messages import Actor, Command, Metadata, Role

REPEATED: Literal["repeated"] = "repeated"


@dataclass(frozen=True)
class BankOrder:
    """A dry run changes nothing."""

    system: System
    service: str
    by: str
    reason: str
    dry_run: bool = False

    async def give(self, command: Command, *, key: str) -> str | None:
        """Give a command, once per key. None when it is carried out, `repeated`, or why not: a code."""
        asker = {"service": self.service, "role": Role.OPERATOR.value, "asker": "bank"}
        id = self.system.command_ids.of(**asker, command=command.NAME, key=key)
        metadata = Metadata.of(command, id=id, actor=Actor(role=Role.OPERATOR, id=self.by), service=self.service)
        metadata = metadata.model_copy(update={"reason": self.reason})
        try:
            if self.dry_run:
                await self.system.dispatcher.try_out(command, metadata)
                return None
            done = await self.system.dispatcher.dispatch(command, metadata)
        except RefusedError as refused:
            return refused.violations[0].code
        except DomainError as error:
            return str(error)
        return REPEATED if done.repeated else None
