"""What a list of products may say, and what nobody could get or use is refused."""

from datetime import timedelta

import pytest

from domain.rulebook.loading import text
from tests.support.small_service import files, told

MINUTES = 'holds = "minutes", minutes = 10, covers = ["time"], price = 3'
PASS = 'holds = "discount", percent = 25, covers = ["time"], price = 9.99, months = 1, renews = true'


def product(said: str, id: str = "p") -> str:
    """A list of one product, before the tariffs."""
    return f'products = [{{ id = "{id}", name = "P", description = "P", {said} }}]\n'


def listed(said: str, **more: str) -> dict[str, str]:
    return files(city=("taxes = [", product(said, **more) + "taxes = ["))


REFUSED = [
    ('holds = "minutes", price = 3, covers = ["time"]', "minutes: say it: it holds minutes"),
    (MINUTES + ", percent = 5", "percent: leave it out: it holds minutes"),
    (MINUTES + ", amount = 5", "amount: leave it out: it holds minutes"),
    (MINUTES.replace("10", "0"), "minutes: it must be greater than 0"),
    (MINUTES + ", order = 1000001", "order: it must be less than or equal to 1000000"),
    (MINUTES.replace("price = 3", "price = 0"), "price: write more than nothing"),
    (MINUTES.replace('"time"', '"park"'), "covers[0]: no tariff of this city has an element or package 'park'"),
    (MINUTES.replace('"time"', '"km"'), "covers[0]: 'km' is not charged by the time"),
    (MINUTES.replace('["time"]', "[]"), "covers: it would be used for nothing"),
    ('holds = "credit", amount = 5, price = 4', "price: money that is sold is taxed only when it is used"),
    ('holds = "credit", amount = 5, maximum = 4', "maximum: leave it out: the amount is said already"),
    ('holds = "option", option = "gold", price = 3', "option: nobody offers the option 'gold'"),
    (PASS + ', valid = "P30D"', "months: say `valid` or `months`, not both"),
    (PASS.replace("months = 1, ", ""), "renews: what renews has a price, and `valid` or `months`"),
    (PASS.replace("price = 9.99, ", ""), "renews: what renews has a price, and `valid` or `months`"),
    (PASS + ', notice = "P28D"', "notice: nobody could cancel in time"),
    (MINUTES + ', notice = "P1D"', "notice: leave it out: it does not renew"),
    (MINUTES + ', reminder = "P1D"', "reminder: write less than it lasts, or take it out"),
    (MINUTES + ', valid = "PT1H"', "valid: write at least P1D"),
]


@pytest.mark.parametrize(("said", "why"), REFUSED)
def test_what_nobody_could_get_or_use_is_refused(said: str, why: str) -> None:
    assert any(why in complaint for complaint in told(listed(said))), told(listed(said))


def test_names_are_of_one_thing() -> None:
    assert any("is an element or package of a tariff" in complaint for complaint in told(listed(MINUTES, id="time")))


def test_an_option_that_no_price_asks_for_is_refused() -> None:
    gold = product('holds = "option", option = "gold"')
    unasked = files(service=("[el", 'options = ["gold"]\n[el'), city=("taxes = [", f"{gold}taxes = ["))

    assert any("no price of this city asks for 'gold'" in complaint for complaint in told(unasked))


def test_a_product_is_read_as_it_is_written() -> None:
    [city] = text(listed(PASS + ', notice = "P14D", where = "city", order = 2')).cities
    [found] = city.products

    assert (found.id, str(found.price), found.months, found.renews) == ("p", "9.99 EUR", 1, True)
    assert (found.notice, found.where, found.order) == (timedelta(days=14), "city", 2)


def test_a_credit_whose_amount_is_open_is_allowed() -> None:
    [city] = text(listed('holds = "credit", maximum = 50, valid = "P30D", reminder = "P3D"')).cities

    assert str(city.products[0].maximum) == "50.00 EUR"
