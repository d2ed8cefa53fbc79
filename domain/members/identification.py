"""How it is noticed that two accounts are of one person: each has identifiers, and an identifier knows its accounts."""

from domain.kernel.errors import NotFoundError, Violation, refuse_if
from domain.kernel.ids import MemberId
from domain.kernel.ports import EventStore
from domain.members.identifier import Identifier, IdentifierKind
from domain.members.member import Member
from domain.members.sameness import same_email
from domain.unit_of_work import UnitOfWork

TAKEN = {
    IdentifierKind.EMAIL: "another account has proved this address: use that account, or contact support",
    IdentifierKind.LICENCE: "this driving licence cannot be taken for this account: contact support",
    IdentifierKind.PAYMENT_METHOD: "this payment method cannot be taken for this account: use another one",
}


async def turn_away_if_known(member: Member, email: str, work: UnitOfWork) -> None:
    """What is told of an account that is new is the same whether or not the address is known already."""
    known = await work.store.known_stand_in(*_named(IdentifierKind.EMAIL, same_email(email), work))
    address = await work.find(Identifier, known) if known else None
    if address is not None and address.verdict(member.id, work.rulebook.uniqueness) == "refuse":
        member.turn_away(work.now, banned=bool(address.banned_by))


async def identify(
    member: Member, kind: IdentifierKind, value: str, work: UnitOfWork, method_id: str | None = None
) -> None:
    """Note what the member has, in place of what they had before; as the rules say, refuse it or have it looked at."""
    id = await work.store.stand_in(*_named(kind, value, work))
    found = await work.find(Identifier, id)
    identifier = Identifier.seen(id, kind, work.now) if found is None else found
    work.add(identifier)
    verdict = identifier.verdict(member.id, work.rulebook.uniqueness)
    refuse_if([Violation(code=f"member.{kind}_taken", detail=TAKEN[kind]) if verdict == "refuse" else None])
    others = {*identifier.holders, *identifier.banned_by} - {MemberId(member.id)}
    if verdict == "review":
        member.hold_for_review(kind, tuple(sorted(others)), work.now)
    await let_go(member, kind, work, method_id, unless=identifier)
    identifier.hold(member.id, work.now)
    member.identify(kind, id, work.now, method_id)
    if member.blocked:
        identifier.ban(member.id, work.now)


async def holders_of(kind: IdentifierKind, value: str, service: str, store: EventStore) -> tuple[MemberId, ...]:
    """The accounts that have it now, of which nobody learns without the very value."""
    known = await store.known_stand_in(f"{service}/{kind}", value)
    try:
        return () if known is None else (await store.load(Identifier, known)).holders
    except NotFoundError:
        return ()  # a stand-in was made, and what it was made for was refused


async def let_go(
    member: Member, kind: IdentifierKind, work: UnitOfWork, method_id: str | None, unless: Identifier | None = None
) -> None:
    """The member has it no more, unless in another place or for another method too."""
    kept = {id for *of, id in member.identifiers if tuple(of) != (kind, method_id)} | ({unless.id} if unless else set())
    for known, method, id in member.identifiers:
        if (known, method) == (kind, method_id) and id not in kept:
            (await work.load(Identifier, id)).let_go(member.id, work.now)


async def identifiers(member: Member, work: UnitOfWork) -> list[Identifier]:
    """All that the member has."""
    return [await work.load(Identifier, id) for id in dict.fromkeys(id for *_, id in member.identifiers)]


def _named(kind: IdentifierKind, value: str, work: UnitOfWork) -> tuple[str, str]:
    """Of its service: nothing tells that somebody is a member of two."""
    return f"{work.metadata.service}/{kind}", value
