"""What a payment refuses."""

from uuid import UUID

from domain.kernel.errors import Violation, refuse_if


def expect(payment_id: UUID, state: str, *allowed: str, to: str) -> None:
    """Raise `RefusedError` unless the payment's state allows the step `to`."""
    if state not in allowed:
        detail = f"a payment that is {state} cannot be used for a {to}"
        values = {"payment_id": str(payment_id), "state": state, "allowed": list(allowed)}
        refuse_if([Violation(code=f"payment.no_{to}", detail=detail, values=values)])
