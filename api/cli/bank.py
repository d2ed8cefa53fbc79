"""Commands about what banks tell."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from api.bank import Outcome, Taking, seller_of
from api.cli.terminal import AsJson, By, Reason, run, service_meant, show, with_system
from api.composition import Running
from api.composition.bank import AccountRead, PassedOver, keeper, read_bank_file
from domain.billing.bank_entry import BankEntry

bank_app = typer.Typer(help="Take what a bank tells of money.", no_args_is_help=True)

File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="A statement of the bank: camt.053 or camt.054.")
]
Service = Annotated[str | None, typer.Option(help="Key of the service whose sellers have the account.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would become of each entry, and change nothing.")]


@bank_app.callback()
def _bank() -> None:
    """Take what a bank tells of money."""


@bank_app.command("take")
def take(
    file: File, reason: Reason, by: By, service: Service = None, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Record the transfers of a file for the invoices that their payers named; what names none is kept for agents.

    The same file again changes nothing.
    """
    try:
        accounts = read_bank_file(file.read_bytes())
    except ValueError as error:
        raise ValueError(f"{file.name}: {error}") from error

    async def taken(running: Running) -> list[dict[str, Any]]:
        whose = service_meant(running.system, service)
        taking = Taking(running.system, keeper(running), whose, by, reason, dry_run)
        return [await _account(taking, account) for account in accounts]

    done = run(with_system(taken))
    show(as_json, {"dry_run": dry_run, "accounts": done}, "\n".join(_told(account) for account in done))


async def _account(taking: Taking, read: AccountRead) -> dict[str, Any]:
    seller = seller_of(taking.system, taking.service, read.account)
    outcomes = [] if seller is None else await taking.take(seller, read.entries)
    return {
        "account": read.account,
        "seller": seller.id if seller else None,
        "entries": [_entry(outcome) for outcome in outcomes],
        "not_for_us": [_passed_over(one) for one in read.passed_over]
        + [_of_nobody(entry) for entry in (read.entries if seller is None else ())],
        "findings": [f"{finding.where}: {finding.what}" for finding in read.findings],
    }


def _entry(outcome: Outcome) -> dict[str, Any]:
    entry = outcome.entry
    return {
        "entry_id": str(entry.entry_id),
        "kind": entry.kind,
        "amount": str(entry.amount) if entry.amount else None,
        "value_on": str(entry.value_on) if entry.value_on else None,
        "reference": entry.reference,
        "became": outcome.fate,
        "invoice": outcome.invoice,
        "why": outcome.why,
    }


def _passed_over(one: PassedOver) -> dict[str, Any]:
    days = str(one.value_on) if one.value_on else None
    return {"amount": one.amount, "value_on": days, "reference": one.reference, "why": one.why}


def _of_nobody(entry: BankEntry) -> dict[str, Any]:
    """The same of what came to an account of no seller."""
    amount, day = str(entry.amount) if entry.amount else None, str(entry.value_on) if entry.value_on else None
    return {"amount": amount, "value_on": day, "reference": entry.reference, "why": "account_of_no_seller"}


def _told(account: dict[str, Any]) -> str:
    whose = account["seller"] or "no seller of this service: write its IBAN into the rulebook if it is one's"
    lines = [f"account {account['account'] or 'without a number'}, {whose}"]
    others = [{**one, "became": "not for us", "invoice": None} for one in account["not_for_us"]]
    for entry in (*account["entries"], *others):
        what = ", ".join(entry[name] or f"no {name}" for name in ("amount", "value_on", "reference"))
        became = " ".join(filter(None, (entry["became"], entry["invoice"], entry["why"])))
        lines.append(f"  {what}: {became}")
    counts = Counter(entry["became"] for entry in (*account["entries"], *others))
    lines.append("  " + (", ".join(f"{n} {fate}" for fate, n in counts.items()) or "nothing"))
    return "\n".join(lines + [f"  the file contradicts itself: {finding}" for finding in account["findings"]])
