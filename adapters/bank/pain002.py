"""Status reports (pain.002) of every version: what became of a message that was sent to the bank."""

from adapters.bank import values
from adapters.bank.model import BlockStatus, Finding, PaymentStatus, Status, StatusReport
from adapters.bank.tree import Node
from adapters.bank.values import Find


def report(node: Node) -> StatusReport:
    """A `CstmrPmtStsRpt`, or the older `pain.002.001.02`."""
    group = node.first("OrgnlGrpInfAndSts") or Node("OrgnlGrpInfAndSts", {})
    name = group.said("OrgnlMsgId") or node.said("GrpHdr/MsgId") or node.name
    found: list[Finding] = []

    def find(what: str) -> None:
        found.append(Finding(name, what))

    whole = values.status(group, "GrpSts")
    blocks = [_block(block, whole, find) for block in node.all("OrgnlPmtInfAndSts")]
    if loose := node.all("TxInfAndSts"):
        blocks.append(BlockStatus(None, Status(None, None, None), tuple(_payment(one, whole, find) for one in loose)))
    count = values.count(group.said("OrgnlNbOfTxs"))
    named = sum(len(block.payments) for block in blocks)
    if count is not None and named > count:
        find(f"it is about a message of {count} payments, and names {named}")
    for block in blocks:
        told = [block.status, *(payment.status for payment in block.payments)]
        if whole.is_rejected and any(status.code not in {"RJCT", None} for status in told):
            find("the whole message is rejected, and a part of it is not")
        if block.status.is_rejected and any(not payment.status.is_rejected for payment in block.payments):
            find(f"the block {block.id} is rejected, and a payment in it is not")
    return StatusReport(
        original_id=group.said("OrgnlMsgId"),
        original_name=group.said("OrgnlMsgNmId"),
        original_count=count,
        status=whole,
        blocks=tuple(blocks),
        findings=tuple(found),
    )


def _block(node: Node, whole: Status, find: Find) -> BlockStatus:
    own = values.status(node, "PmtInfSts")
    told = own if own.code else whole
    payments = tuple(_payment(payment, told, find) for payment in node.all("TxInfAndSts"))
    return BlockStatus(node.said("OrgnlPmtInfId"), own, payments)


def _payment(node: Node, above: Status, find: Find) -> PaymentStatus:
    own = values.status(node, "TxSts")
    return PaymentStatus(
        end_to_end_id=values.reference(node, "OrgnlEndToEndId"),
        instruction_id=values.reference(node, "OrgnlInstrId"),
        status=own if own.code else above,
        amount=values.amount(node.first("OrgnlTxRef/Amt/InstdAmt", "OrgnlTxRef/IntrBkSttlmAmt"), find),
        mandate_id=values.reference(node, "OrgnlTxRef/MndtRltdInf/MndtId", "OrgnlTxRef/MndtRltdInf/DrctDbtMndt/MndtId"),
        creditor_id=node.said(
            "OrgnlTxRef/CdtrSchmeId/Id/PrvtId/Othr/Id",
            "OrgnlTxRef/CdtrSchmeId/Id/OrgId/Othr/Id",
            "OrgnlTxRef/CdtrSchmeId/Nm",
        ),
    )
