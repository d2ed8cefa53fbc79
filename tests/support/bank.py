"""A bank that tells of payments: statements as it would send them."""

from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape


@dataclass(frozen=True)
class Payment:
    """One booking on the account of DriveNow in Berlin."""

    amount: str
    text: str = ""
    reference: str = "2027010410583450000"
    creditor_reference: str = ""
    end_to_end: str = "NOTPROVIDED"
    payer: str = "Max Mustermann"
    currency: str = "EUR"
    direction: str = "CRDT"
    reversal: bool = False
    status: str = "BOOK"
    code: str = "ESCT"

    def xml(self) -> str:
        reversal = "<RvslInd>true</RvslInd>" if self.reversal else ""
        structured = f"<Strd><CdtrRefInf><Ref>{self.creditor_reference}</Ref></CdtrRefInf></Strd>"
        return f"""
<Ntry><Amt Ccy="{self.currency}">{self.amount}</Amt><CdtDbtInd>{self.direction}</CdtDbtInd>{reversal}
<Sts>{self.status}</Sts><BookgDt><Dt>2027-01-04</Dt></BookgDt><ValDt><Dt>2027-01-04</Dt></ValDt>
<AcctSvcrRef>{self.reference}</AcctSvcrRef>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>{self.code}</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><TxDtls><Refs><EndToEndId>{escape(self.end_to_end)}</EndToEndId></Refs>
<RltdPties><Dbtr><Nm>{escape(self.payer)}</Nm></Dbtr></RltdPties>
<RmtInf><Ustrd>{escape(self.text)}</Ustrd>{structured if self.creditor_reference else ""}</RmtInf>
</TxDtls></NtryDtls></Ntry>"""


def statement(payments: Iterable[Payment], *, account: str = "DE02 1001 0010 9307 1186 03") -> str:
    """What the bank sends of them."""
    entries = "".join(payment.xml() for payment in payments)
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>'
        f"<Stmt><Id>S1</Id><Acct><Id><IBAN>{account}</IBAN></Id></Acct>{entries}</Stmt></BkToCstmrStmt></Document>"
    )
