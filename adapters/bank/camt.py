"""Statements and notifications (camt.053 and camt.054) of every version, read by what their elements are called."""

from adapters.bank import values
from adapters.bank.checks import of_entry, of_statement
from adapters.bank.model import Amount, Balance, BankCode, Batch, Entry, Finding, Statement, Transaction
from adapters.bank.tree import Node
from adapters.bank.values import Find


def statement(node: Node) -> Statement:
    """A `Stmt` or a `Ntfctn`."""
    name = node.said("Id") or node.name
    own: list[Finding] = []

    def find(what: str) -> None:
        own.append(Finding(name, what))

    entries = tuple(_entry(entry, f"{name}, entry {n}") for n, entry in enumerate(node.all("Ntry"), 1))
    balances = tuple(_balance(balance, find) for balance in node.all("Bal"))
    own += of_statement(name, node.first("TxsSummry"), balances, entries)
    return Statement(
        id=node.said("Id"),
        account=node.said("Acct/Id/IBAN", "Acct/Id/Othr/Id", "Acct/Id/PrtryAcct/Id", "Acct/Id/BBAN"),
        currency=node.said("Acct/Ccy"),
        owner=node.said("Acct/Ownr/Nm", "Acct/Ownr/Pty/Nm"),
        balances=balances,
        entries=entries,
        findings=(*own, *(found for entry in entries for found in entry.findings)),
    )


def _balance(node: Node, find: Find) -> Balance:
    return Balance(
        code=node.said("Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry", "Tp/Cd") or "",
        amount=values.amount(node.first("Amt"), find),
        is_credit=values.is_credit(node, find),
        on=values.day(node, "Dt", find),
    )


def _entry(node: Node, name: str) -> Entry:
    found: list[Finding] = []

    def find(what: str) -> None:
        found.append(Finding(name, what))

    amount, is_credit = values.amount(node.first("Amt"), find), values.is_credit(node, find)
    if amount is None or is_credit is None:
        find("it has no amount, or does not say whether money came in or went out")
    code, parts = values.code(node), node.all("NtryDtls/TxDtls")
    is_reversal = values.is_true(node.said("RvslInd"))
    lone = amount if len(parts) == 1 else None
    transactions = tuple(
        _transaction(part, lone, amount, is_credit, code, is_reversal=is_reversal, find=find) for part in parts
    )
    batches = tuple(_batch(batch, find) for batch in node.all("NtryDtls/Btch"))
    found += of_entry(name, amount, is_credit, batches, transactions)
    return Entry(
        amount=amount,
        is_credit=is_credit,
        is_reversal=is_reversal,
        status=node.said("Sts/Cd", "Sts/Prtry", "Sts"),
        booked_on=values.day(node, "BookgDt", find),
        booked_at=values.moment(node, "BookgDt"),
        value_on=values.day(node, "ValDt", find),
        reference=node.said("NtryRef"),
        bank_reference=values.reference(node, "AcctSvcrRef"),
        code=code,
        charges=values.charges(node, find),
        batches=batches,
        transactions=transactions,
        text=node.said("AddtlNtryInf"),
        findings=tuple(found),
    )


def _batch(node: Node, find: Find) -> Batch:
    return Batch(
        payment_information_id=node.said("PmtInfId"),
        message_id=node.said("MsgId"),
        count=values.count(node.said("NbOfTxs")),
        total=values.amount(node.first("TtlAmt"), find),
        is_credit=values.is_credit(node, find),
    )


def _transaction(
    node: Node, lone: Amount | None, of_entry: Amount | None, entry_is_credit: bool | None, entry_code: BankCode,
    *, is_reversal: bool, find: Find,
) -> Transaction:  # fmt: skip
    own = values.is_credit(node, find)
    is_credit = entry_is_credit if own is None else own
    code = values.code(node)
    lines = tuple(line.text.strip("\r\n\t") for line in node.all("RmtInf/Ustrd") if line.text.strip())
    returned = tuple(line.text.strip() for line in node.all("RtrInf/AddtlInf"))
    name, account = _counterparty(node, pays=bool(is_credit) is not is_reversal)
    return Transaction(
        amount=_own_amount(node, lone, of_entry, find),
        instructed=values.amount(node.first("AmtDtls/InstdAmt/Amt"), find),
        is_credit=is_credit,
        bank_reference=values.reference(node, "Refs/AcctSvcrRef"),
        end_to_end_id=values.reference(node, "Refs/EndToEndId"),
        mandate_id=values.reference(node, "Refs/MndtId"),
        transaction_id=values.reference(node, "Refs/TxId"),
        instruction_id=values.reference(node, "Refs/InstrId"),
        payment_information_id=values.reference(node, "Refs/PmtInfId"),
        uetr=node.said("Refs/UETR"),
        creditor_references=tuple(
            said for one in node.all("RmtInf/Strd/CdtrRefInf") if (said := one.said("Ref", "CdtrRef"))
        ),
        lines=lines,
        text=values.joined(lines),
        counterparty=name,
        counterparty_account=account,
        code=code if code != BankCode(None, None) else entry_code,
        return_reason=node.said("RtrInf/Rsn/Cd", "RtrInf/Rsn/Prtry"),
        return_text=values.joined(returned),
        charges=values.charges(node, find),
    )


def _own_amount(node: Node, lone: Amount | None, of_entry: Amount | None, find: Find) -> Amount | None:
    """What is said of this payment, in the entry's currency where it can be; the entry's where it is the only one.

    Zero, or nothing between the tags, says nothing. What was instructed is asked last, and never of the only one: banks
    on the way may have kept a part of it.
    """
    given = [values.amount(node.first(path), find) for path in ("Amt", "AmtDtls/TxAmt/Amt")]
    if lone is None:
        given.append(values.amount(node.first("AmtDtls/InstdAmt/Amt"), find))
    told = [amount for amount in given if amount is not None and amount.number]
    same = [amount for amount in told if of_entry is None or amount.currency == of_entry.currency]
    return next(iter(same), None) or lone or next(iter(told), None)


def _counterparty(node: Node, *, pays: bool) -> tuple[str | None, str | None]:
    """Who is at the other end: who paid what came in, who got what went out.

    A reversal keeps the roles as they were.
    """
    roles = ("Dbtr", "Cdtr") if pays else ("Cdtr", "Dbtr")
    for role in roles:
        name = node.said(*(f"RltdPties/{who}/{at}" for who in (role, f"Ultmt{role}") for at in ("Nm", "Pty/Nm")))
        account = node.said(*(f"RltdPties/{role}Acct/Id/{at}" for at in ("IBAN", "Othr/Id", "BBAN", "PrtryAcct/Id")))
        if name or account:
            return name, account
    return None, None
