"""What the payment provider sends by itself, with its signature instead of a token."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from api.problems import Problem
from api.rest.commands import InSystem
from domain.kernel.payment_port import ForeignNoticeError

router = APIRouter(prefix="/v1/providers", tags=["billing"])


@router.post("/stripe/webhooks", include_in_schema=False, status_code=204)
async def take_notice(request: Request, system: InSystem, stripe_signature: Annotated[str, Header()] = "") -> Response:
    """Kept before it is answered: whatever goes wrong before that, Stripe sends it again."""
    if system.provider_notices is None:
        raise Problem.not_found("payments are not by Stripe here")
    try:
        await system.provider_notices.receive(await request.body(), stripe_signature)
    except ForeignNoticeError as foreign:
        raise Problem(400, "bad-request", "Not by Stripe", f"this is no notice of Stripe: {foreign}") from foreign
    return Response(status_code=204)
