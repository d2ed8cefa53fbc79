"""Which payment provider the settings choose: Stripe where its key is given, else the simulated one."""

from dataclasses import dataclass

from adapters.payments.simulated import SimulatedPaymentProvider
from adapters.payments.stripe.book import StripeBook
from adapters.payments.stripe.webhooks import StripeWebhooks
from adapters.postgres.provider_notices import ProviderNotices
from api.composition.foundation import Foundation
from domain.kernel.payment_port import PaymentGateway, ProviderNoticeReceiver


@dataclass(frozen=True)
class Payments:
    """The provider, and who takes in what it sends by itself."""

    gateway: PaymentGateway
    notices: ProviderNoticeReceiver | None = None
    """None where it never does."""
    warnings: tuple[str, ...] = ()
    is_simulated: bool = False


def payments(base: Foundation) -> Payments:
    """As the settings say."""
    settings = base.settings
    if settings.stripe_key is None:
        warnings = (SimulatedPaymentProvider.WARNING,)
        return Payments(SimulatedPaymentProvider(base.pool), warnings=warnings, is_simulated=True)
    from adapters.payments.stripe.provider import StripePaymentProvider  # noqa: PLC0415 (its library takes a second)

    key, book = settings.stripe_key.get_secret_value(), StripeBook(base.pool)
    given = settings.stripe_webhook_secret, settings.other_stripe_webhook_secret
    secrets = [secret.get_secret_value() for secret in given if secret]
    is_test = key.startswith(("sk_test_", "rk_test_"))
    return Payments(
        StripePaymentProvider(
            key, book, base.clock, return_url=settings.stripe_return_url or settings.base_url, url=settings.stripe_url
        ),
        StripeWebhooks(secrets, book, ProviderNotices(base.pool), base.clock),
        warnings=("the key of Stripe is one for tests: invoices count as paid, but no money moves",) if is_test else (),
    )
