"""What speaks against having a product."""

from collections.abc import Iterator

from domain.billing.balance import Balance
from domain.billing.product_commands import GiveProduct
from domain.kernel.errors import RefusedError, Violation, refuse_if
from domain.kernel.ids import ChargeId
from domain.kernel.money import Currency
from domain.rulebook.model import City
from domain.rulebook.product import Product
from domain.unit_of_work import UnitOfWork


def listed(city_id: str, product_id: str, work: UnitOfWork) -> tuple[City, Product]:
    """Raises `RefusedError` where there is no such city, or no such product in it."""
    refuse_if([work.rulebook.unknown_city(city_id)])
    city = work.rulebook.city(city_id)
    for product in city.products:
        if product.id == product_id:
            return city, product
    values = {"product": product_id, "products": [product.id for product in city.products]}
    detail = "the list of the city has no such product: take one of those it has"
    raise RefusedError(Violation(code="product.unknown", detail=detail, values=values))


def not_for_sale(product: Product) -> Violation | None:
    """Says no to buying what is only given."""
    if product.price is not None:
        return None
    detail = "this cannot be bought: it is given, or comes with a code"
    return Violation(code="product.not_for_sale", detail=detail, values={"product": product.id})


def had_already(balance: Balance, product: Product) -> Violation | None:
    """Minutes and credits add up; of all else, and of what renews, one is enough."""
    if product.holds in {"minutes", "credit"} and not product.renews:
        return None
    running = [e for e in balance.entries.values() if e.terms.product_id == product.id and e.state != "ended"]
    if not running:
        return None
    values = {"product": product.id, "entry_id": str(running[0].entry_id)}
    return Violation(code="product.had_already", detail="the member has it already", values=values)


def unfit_gift(command: GiveProduct, product: Product, currency: Currency) -> Iterator[Violation]:
    """What is wrong with what is said of a gift."""
    if missing := without_reason(command.reason):
        yield missing
    if product.renews:
        yield Violation(code="product.renews", detail="this renews: it is bought, not given")
    wanted, amount = product.holds == "credit" and product.amount is None, command.amount
    if not wanted and amount is not None:
        detail = "leave the amount out: the list says what it holds"
        yield Violation(code="product.amount_not_wanted", detail=detail, values={"amount": str(amount)})
    if not wanted:
        return
    most = product.maximum
    if amount is None or amount.currency is not currency or amount.amount_minor <= 0 or (most and amount > most):
        detail = f"say how much, more than nothing, in {currency.value}" + (f", {most} at most" if most else "")
        yield Violation(code="product.amount_unfit", detail=detail, values={"amount": str(amount)})


def without_reason(reason: str) -> Violation | None:
    """Says no to what nobody says why."""
    return None if reason.strip() else Violation(code="product.gift_without_reason", detail="say why it is given")


def nothing_used(charge_id: ChargeId) -> Violation:
    """Says no to giving back what a charge has not used."""
    detail = "the charge uses nothing of its payer's balance: look at its explanation"
    return Violation(code="balance.nothing_used", detail=detail, values={"charge_id": str(charge_id)})


def version_of(work: UnitOfWork) -> int:
    """Of the rules that hold now."""
    return work.rules.version if work.rules else 0
