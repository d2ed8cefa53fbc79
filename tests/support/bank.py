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
    return_reason: str = ""

    def xml(self) -> str:
        reversal = "<RvslInd>true</RvslInd>" if self.reversal else ""
        returned = f"<RtrInf><Rsn><Cd>{self.return_reason}</Cd></Rsn></RtrInf>" if self.return_reason else ""
        structured = f"<Strd><CdtrRefInf><Ref>{self.creditor_reference}</Ref></CdtrRefInf></Strd>"
        return f"""
<Ntry><Amt Ccy="{self.currency}">{self.amount}</Amt><CdtDbtInd>{self.direction}</CdtDbtInd>{reversal}
<Sts>{self.status}</Sts><BookgDt><Dt>2027-01-04</Dt></BookgDt><ValDt><Dt>2027-01-04</Dt></ValDt>
<AcctSvcrRef>{self.reference}</AcctSvcrRef>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>{self.code}</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><TxDtls><Refs><EndToEndId>{escape(self.end_to_end)}</EndToEndId></Refs>
<RltdPties><Dbtr><Nm>{escape(self.payer)}</Nm></Dbtr></RltdPties>
<RmtInf><Ustrd>{escape(self.text)}</Ustrd>{structured if self.creditor_reference else ""}</RmtInf>{returned}
</TxDtls></NtryDtls></Ntry>"""


@dataclass(frozen=True)
class Batch:
    """The debits of a block, booked in one sum and not told one by one."""

    amount: str
    block_id: str
    reference: str = "batch 1"
    direction: str = "CRDT"

    def xml(self) -> str:
        return f"""
<Ntry><Amt Ccy="EUR">{self.amount}</Amt><CdtDbtInd>{self.direction}</CdtDbtInd>
<RvslInd>{"true" if self.direction == "DBIT" else "false"}</RvslInd>
<Sts>BOOK</Sts><BookgDt><Dt>2027-01-04</Dt></BookgDt><ValDt><Dt>2027-01-04</Dt></ValDt>
<AcctSvcrRef>{self.reference}</AcctSvcrRef>
<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>IDDT</Cd><SubFmlyCd>ESDD</SubFmlyCd></Fmly></Domn></BkTxCd>
<NtryDtls><Btch><PmtInfId>{self.block_id}</PmtInfId></Btch></NtryDtls></Ntry>"""


def refusal(message_id: str, *, end_to_end: str = "", reason: str = "AC04") -> str:
    """What the bank says of a message: one debit is refused, or all of it."""
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>"
    one = f"<TxInfAndSts><OrgnlEndToEndId>{end_to_end}</OrgnlEndToEndId><TxSts>RJCT</TxSts>{why}</TxInfAndSts>"
    block = f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>B</OrgnlPmtInfId>{one}</OrgnlPmtInfAndSts>" if end_to_end else ""
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt>'
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{message_id}</OrgnlMsgId><OrgnlMsgNmId>pain.008.001.08</OrgnlMsgNmId>"
        f"{'' if end_to_end else f'<GrpSts>RJCT</GrpSts>{why}'}</OrgnlGrpInfAndSts>{block}</CstmrPmtStsRpt></Document>"
    )


def statement(payments: Iterable[Payment | Batch], *, account: str = "DE02 1001 0010 9307 1186 03") -> str:
    """What the bank sends of them."""
    entries = "".join(payment.xml() for payment in payments)
    return (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>'
        f"<Stmt><Id>S1</Id><Acct><Id><IBAN>{account}</IBAN></Id></Acct>{entries}</Stmt></BkToCstmrStmt></Document>"
    )
