"""What happened to a payment last, by the event that says so."""

from typing import Literal

from domain.billing.payment import Payment
from domain.kernel.aggregate import Event

PaymentState = Literal[
    "hold_requested",
    "confirmation_required",
    "held",
    "hold_lost",
    "hold_declined",
    "abandoned",
    "capture_requested",
    "captured",
    "capture_failed",
    "release_requested",
    "released",
    "release_failed",
    "refund_requested",
    "refunded",
    "refund_failed",
    "refund_given_up",
    "refund_paid_by_other_means",
]
"""The last thing that happened to a payment."""
PAYMENT_STATES: dict[type[Event], PaymentState] = {
    Payment.ConfirmationRequired: "confirmation_required",
    Payment.Held: "held",
    Payment.HoldLost: "hold_lost",
    Payment.HoldDeclined: "hold_declined",
    Payment.Abandoned: "abandoned",
    Payment.CaptureRequested: "capture_requested",
    Payment.Captured: "captured",
    Payment.CaptureFailed: "capture_failed",
    Payment.ReleaseRequested: "release_requested",
    Payment.Released: "released",
    Payment.ReleaseFailed: "release_failed",
    Payment.RefundRequested: "refund_requested",
    Payment.Refunded: "refunded",
    Payment.RefundFailed: "refund_failed",
    Payment.RefundGivenUp: "refund_given_up",
    Payment.RefundPaidByOtherMeans: "refund_paid_by_other_means",
}
