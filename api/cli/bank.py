"""Commands about what banks tell."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from api.bank import Outcome, Taking, seller_of, sellers_of
from api.bank_order import BankOrder
from api.cli.terminal import AsJson, By, Reason, fail, run, service_meant, show, with_system
from api.composition import Running
from api.composition.bank import AccountRead, PassedOver, keeper, read_bank_file
from api.composition.debits import BatchFile, file_of_batch
from api.debits import Debits, Refusal
from domain.billing.bank_entry import BankEntry

bank_app = typer.Typer(help="Take what a bank tells of money.", no_args_is_help=True)

File = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, help="What the bank has sent: camt.053, camt.054 or pain.002.")
]
Service = Annotated[str | None, typer.Option(help="Key of the service whose sellers have the account.")]
On = Annotated[
    datetime, typer.Option("--date", formats=["%Y-%m-%d"], help="Day on which the banks are to collect them.")
]
Out = Annotated[Path, typer.Option(file_okay=False, help="Folder for the files.")]
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
        told = read_bank_file(file.read_bytes())
    except ValueError as error:
        raise ValueError(f"{file.name}: {error}") from error

    async def taken(running: Running) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        order = BankOrder(running.system, service_meant(running.system, service), by, reason, dry_run)
        taking = Taking(order, keeper(running))
        refused = [one for refusal in told.refusals for one in await _refused(order, refusal)]
        return [await _account(taking, account) for account in told.accounts], refused

    accounts, refused = run(with_system(taken))
    lines = [_told(account) for account in accounts]
    lines += [" ".join(filter(None, one.values())) for one in refused]
    data = {"dry_run": dry_run, "accounts": accounts, "refused": refused}
    show(as_json, data, "\n".join(lines) or "the bank refuses no debit")


@bank_app.command("debit")
def debit(reason: Reason, by: By, on: On, out: Out = Path(), service: Service = None, as_json: AsJson = False) -> None:
    """Put the debits that wait into files for the bank (pain.008), one for each seller and some hundred debits.

    The same day again writes the same files; no debit stands in two of them.
    """

    async def debited(running: Running) -> tuple[list[BatchFile | None], list[str]]:
        order = BankOrder(running.system, service_meant(running.system, service), by, reason)
        made, whys = list[BatchFile | None](), list[str]()
        for seller in sellers_of(running.system, order.service):
            batches, not_made = await Debits(order).make_batches(seller, on.date())
            made += [await file_of_batch(running, order.service, one) for one in batches]
            whys += not_made
        return made, whys

    made, whys = run(with_system(debited))
    files = [str(file.save(out)) for file in made if file is not None]
    show(as_json, {"files": files, "not_made": whys}, "\n".join(files) or "no debit waits")
    if whys:
        fail(f"some debits were put into no file: {', '.join(sorted(set(whys)))}")


async def _refused(order: BankOrder, refusal: Refusal) -> list[dict[str, Any]]:
    settled = await Debits(order).refuse(refusal)
    return [{"reason": refusal.reason, "became": one.fate, "invoice": one.number, "why": one.why} for one in settled]


async def _account(taking: Taking, read: AccountRead) -> dict[str, Any]:
    seller = seller_of(taking.order.system, taking.order.service, read.account)
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
