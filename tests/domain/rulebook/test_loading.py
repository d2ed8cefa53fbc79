"""What a service's text may say, and all that is said against what it may not."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.fleet.vehicle import RESERVATIONS_REMEMBERED
from domain.rulebook.faults.limits import LONGEST_REPEAT_HOLD
from domain.rulebook.loading import RulebookError, text
from tests.support.small_service import CITY, DAY_PACKAGE, SERVICE, complaints, element, files, told

TIME, KM, FEE, CAP = "rate = 0.31, ", "rate = 0.29, ", "amount = 1, ", "amount = 10, "
RUNGS = 'rungs = [{ until = "PT3H", amount = 50 }, { until = "PT12H", amount = 80 }]'
GROWS = 'allowances = [{ until = "PT1H", every = "PT1H", more = 40 }, { until = "PT8H", every = "PT1H", more = 20 }]'
LATE = 'rungs = [{ from = "PT8M", amount = 12.5 }, { from = "PT15M", amount = 25 }]'
WHEN = "when = { %s }"
WINDOW = "rate = 1, windows = [{ %s }]"
TAX_ENDS = "valid_from = 2021-01-01 },\n"
UNTIL_FEBRUARY = "valid_from = 2021-01-01, valid_until = 2021-02-01 },\n"
REDUCED = "{ name = 'Reduced', rate = 0.07, inclusive = true, on = [\"reduced\"], valid_from = 2021-01-01 },\n"
SECOND_TAX = "{ name = 'VAT', rate = 0.2, inclusive = true, valid_from = %s },\n"
BEYOND_START = 'rate = 1, interval = "PT0S", '
SMALLER_PACKAGE = DAY_PACKAGE.replace('"PT24H"', '"PT24H", included = 50')


def test_a_small_service_is_read_exactly() -> None:
    rulebook = text(files())
    [tariff] = rulebook.cities[0].tariffs

    assert (rulebook.cities[0].id, tariff.timezone, tariff.currency) == ("berlin", "Europe/Berlin", rulebook.currency)
    assert str(tariff.hold) == "30.00 EUR"
    assert tariff.valid_from.isoformat() == "2020-12-31T23:00:00+00:00"
    assert tariff.elements[0].model_dump()["rate"] == Decimal("0.31")


def test_a_city_may_have_another_currency_and_unit_than_its_service() -> None:
    limits = "[trip]\nreview_above = { EUR = 400, GBP = 350.50 }\n[billing]\nfour_eyes_above = { GBP = 1, EUR = 2 }\n"
    both = files(service=limits) | {"london.toml": CITY.replace("hold = 30", "hold = 25.01").replace('"t"', '"l"')}
    both["london.toml"] = 'currency = "GBP"\ndistance_unit = "mi"\n' + both["london.toml"]

    rulebook = text(both)

    berlin, london = rulebook.cities
    assert [(city.currency, city.distance_unit) for city in (berlin, london)] == [("EUR", "km"), ("GBP", "mi")]
    [tariff] = london.tariffs
    assert (str(tariff.hold), tariff.currency, tariff.distance_unit) == ("25.01 GBP", "GBP", "mi")
    assert [str(limit) for limit in rulebook.trip.review_above] == ["400.00 EUR", "350.50 GBP"]
    assert str(rulebook.billing.four_eyes(london.currency)) == "1.00 GBP"


REFUSED = [
    # time
    (files(element("time", TIME + "outside = true")), "x.outside: there are no `windows`"),
    (files(element("time", TIME + 'clock = "trip"')), "x.clock: only `start` and `end`"),
    (files(element("time", TIME + 'calendar_day = true, interval = "PT1H"')), "x.interval: with `calendar_day`"),
    (files(element("time", TIME + 'calendar_day = true, counting = "exact"')), "x.counting: with `calendar_day`"),
    (files(element("time", TIME + 'calendar_day = true, start = "PT1H"')), "x.start: with `calendar_day`"),
    (files(element("time", BEYOND_START + 'end = "PT1H"')), "x.end: with `interval` PT0S it is charged once"),
    (files(element("time", BEYOND_START + 'counting = "exact"')), "x.counting: what is charged once"),
    (files(element("time", TIME + 'start = "PT1H", end = "PT1H"')), "x.end: it ends before or when it starts"),
    (files(element("time", TIME + "in_package = true")), "x.in_package: the tariff has no packages"),
    (files(element("time", TIME + "duration = 3")), "x.duration: there is no such key"),
    (files(element("time", TIME + 'interval_s = "PT1H"')), 'x.interval_s: write interval = "PT15M"'),
    (files(element("time", TIME + "interval = 60")), "x.interval: write a duration in quotes"),
    (files(element("time", TIME + 'interval = "PT1.5S"')), "x.interval: write a duration in quotes"),
    (files(element("time", 'rate = "0.31"')), "x.rate: write it without quotes"),
    (files(element("time", "rate = true")), "x.rate: true is not what belongs here"),
    (files(element("time", "rate = nan")), "x.rate: it must be a finite number"),
    (files(element("time", "rate = 1e10")), "x.rate: a number must be at most 1000000000"),
    (files(element("time", "rate = 1e999999")), "x.rate: a number must be at most 1000000000"),
    (files(element("time", "rate = 0.0000000001")), "x.rate: more than 9 decimals"),
    (files(element("time", TIME + 'end = "P11Y"')), "x.end: write a duration"),
    (files(element("time", TIME + 'end = "P99999D"')), "x.end: it must be at most ten years"),
    (files(element("time", TIME + 'phase = "flying"')), "x.phase: it must be 'driving', 'parked' or 'any'"),
    (files(element("time", "")), "x.rate: it is missing"),
    # distance
    (files(element("distance", KM + "start = 5, end = 5")), "x.end: it ends before or where it starts"),
    (files(element("distance", KM + "included = 5, end = 5")), "x.end: it ends before or where it starts"),
    (files(element("distance", KM + "interval = 0, end = 5")), "x.end: with `interval` 0"),
    (files(element("distance", KM + 'interval = 0, counting = "completed"')), "x.counting: what is charged once"),
    (files(element("distance", KM + "included_once = 5")), "x.included_once: without `included_every`"),
    (files(element("distance", KM + 'included_every = "P1D"')), "x.included_every: nothing is granted anew"),
    (files(element("distance", KM + "included = 5, start = 5")), "x.included: the rate starts behind"),
    (files(element("distance", KM + "included = 6, start = 5")), "x.start: what is included ends behind this start"),
    (files(element("distance", KM + "included = 5, " + GROWS)), "x.included: what is included grows by `allowances`"),
    (files(element("distance", KM + GROWS.replace("PT8H", "PT1H"))), "x.allowances[1].until: each allowance must last"),
    (files(element("distance", KM + GROWS.replace("20", "0"))), "x.allowances[1].more: it includes nothing more"),
    (files(element("time", TIME + 'step = "PT1M"')), "x.step: only a share of an interval has steps"),
    (files(element("time", TIME + 'counting = "exact", step = "PT1M"')), "x.step: a step is shorter than the interval"),
    (files(element("time", TIME + 'free_each = "PT5M"')), "x.free_each: a trip has no stretches: name a `phase`"),
    # fees
    (files(element("zone", FEE.rstrip(", "))), "x: a zone fee needs a zone"),
    (files(element("flat", "amount = 1.001")), "x.amount: 1.001 has more decimals than EUR, which has 2"),
    (files(element("flat", FEE + 'option = "o", when = { option = "o" }'), service=("[el", 'options = ["o"]\n[el')),
     "x.option: `when` asks for the same"),
    (files(element("agreed", 'name = "toll"'), element("agreed", 'name = "toll"', id="y")), "y.name: 'x' charges the"),
    # adjustments
    (files(element("cap", CAP + "covers = []")), "x.covers: it covers nothing"),
    (files(element("cap", CAP + 'covers = ["nix"]')), "x.covers[0]: 'nix' cannot be covered: there is no such element"),
    (files(element("cap", CAP + 'covers = ["time", "x"]')), "x.covers[1]: 'x' cannot be covered: it cannot cover itse"),
    (files(element("cap", CAP + 'covers = ["time", "time"]')), "x.covers[1]: 'time' stands here twice"),
    (files(element("cap", CAP + 'covers = ["y"]'), element("flat", FEE[:-2], id="y")), "'y' cannot be covered: it sta"),
    (files(element("percentage", "percent = 15", id="p"), element("cap", CAP + 'covers = ["p"]')),
     "x.covers[0]: 'p' cannot be covered: what it changes belongs to the elements that it covers"),
    (files(element("cap", CAP + 'period = "PT1H", calendar_day = true')), "x.period: a cap is for periods or for `cal"),
    (files(element("cap", CAP + 'period = "PT1H", windows = [{ weekdays = ["mon"] }]')), "x.period: a cap is for peri"),
    (files(element("cap", CAP + 'calendar_day = true, windows = [{ weekdays = ["mon"] }]')), "x.calendar_day: with `w"),
    (files(element("cap", CAP + "calendar_day = true, calendar_week = true")), "x.calendar_week: a cap is by one stre"),
    (files(element("ladder", RUNGS + ', tail = { until = "PT5M", amount = 5 }')), "x.tail.until: it begins again"),
    (files(element("cap", CAP + 'beyond = "started"')), "x.beyond: there is no period to go beyond"),
    (files(element("cap", CAP + 'period = "PT1M"')), "x.period: a cap by so short a time is a rate"),
    (files(element("cap", CAP + 'tax = "other"')), "x.tax: it is taxed as the elements that it changes"),
    (files(element("percentage", 'percent = 15, tax = "other"')), "x.tax: it is taxed as the elements"),
    (files(element("percentage", "percent = 0")), "x.percent: 0 changes nothing"),
    (files(element("percentage", "percent = -5, at_most = 0")), "x.at_most: 0 changes nothing"),
    (files(element("percentage", "percent = -101")), "x.percent: it must be greater than or equal to -100"),
    (files(element("percentage", "percent = 5, not_below = 3")), "x.not_below: a surcharge never goes below"),
    (files(element("credit", "amount = 0")), "x.amount: 0 changes nothing"),
    (files(element("rounding", "to = 0.01")), "x.to: every amount in EUR is a multiple"),
    (files(element("rounding", "to = 0.001")), "x.to: 0.001 has more decimals"),
    (files(element("ladder", RUNGS.replace("PT12H", "PT3H"))), "x.rungs[1].until: each rung must last longer"),
    (files(element("ladder", RUNGS.replace("80", "50"))), "x.rungs[1].amount: each rung must cost more"),
    (files(element("ladder", RUNGS.replace("80", "40"))), "x.rungs[1].amount: each rung must cost more"),
    (files(element("ladder", "rungs = []")), "x.rungs: "),
    (files(element("ladder", 'rungs = [{ until = "PT5M", amount = 50 }]')), "x.rungs[0].until: it begins again after"),
    (files(element("ladder", 'beyond = "bracket", rungs = [{ until = "PT3H", amount = 50 }]')), "x.beyond: with one r"),
    (files(city=("elements = [\n", "elements = [\n" + element("rounding", "to = 0.05"))), "x: nothing stands before i"),
    (files(element("foo", "amount = 3")), "x: there is no kind 'foo': write one of time, distance"),
    (files('  { id = "x" },\n'), "x: its `kind` is missing"),
    (files("  3,\n"), "elements[2]: "),
    (files('  "shared fee",\n'), "elements[2]: nothing is shared as 'shared fee'"),
    (files(element("flat", FEE[:-2], id="time")), "elements.time.id: 'time' names another element or package already"),
    (files(element("percentage_fee", "percent = 0")), "x.percent: it must be greater than 0"),
    (files(element("percentage_fee", "percent = 5, at_least = 3, at_most = 3")), "x.at_most: it is at most what it is"),
    (files(element("percentage_fee", "percent = 5, at_least = 0")), "x.at_least: a fee is never less than 0"),
    (files(element("percentage_fee", "percent = 5, at_most = 0")), "x.at_most: the fee would never be more than 0"),
    (files(element("percentage_fee", "percent = 5, at_least = 0.001")), "x.at_least: 0.001 has more decimals"),
    (files(element("percentage_fee", 'percent = 5, covers = ["y"]')), "x.covers[0]: 'y' cannot be covered: there is n"),
    (files(city=("elements = [\n", "elements = [\n" + element("percentage_fee", "percent = 5"))), "x: nothing stands"),
    # booked periods
    (files(element("late", LATE.replace("PT15M", "PT8M"))), "x.rungs[1].from: each step must begin later"),
    (files(element("late", LATE.replace("25", "12.5"))), "x.rungs[1].amount: each step must cost more"),
    (files(element("late", LATE.replace("25", "25.001"))), "x.rungs[1].amount: 25.001 has more decimals"),
    (files(element("booking", "rate = 3")), "x.time: it is missing"),
    (files(element("time", TIME + WHEN % 'booking = "no_show"')), "x.when.booking: nobody drove then"),
    (files(element("flat", FEE + WHEN % 'notice_until = "P1D"')), "x.when.notice_until: only what was cancelled has"),
    (files(element("flat", FEE + WHEN % 'booking = "kept", cancelled_within = "PT1H"')), "when.cancelled_within: only"),
    (files(element("flat", FEE + WHEN % 'booking = "cancelled", notice_from = "P2D", notice_until = "P1D"')),
     "x.when.notice_until: no notice is shorter"),
    (files(element("flat", FEE + WHEN % 'booking = "no_show", from = "PT1H"')), "x.when.from: a booking that is n"),
    (files(element("flat", FEE + WHEN % "end_energy_from = 50, end_energy_below = 50")), "x.when.end_energy_below: no"),
    (files(element("flat", FEE + WHEN % "end_energy_below = 101")), "x.when.end_energy_below: it must be less than or"),
    # conditions
    (files(element("flat", FEE + "when = {}")), "x.when: it holds for every trip"),
    (files(element("flat", FEE + WHEN % 'from = "PT2H", until = "PT1H"')), "x.when.until: no trip is shorter"),
    (files(element("flat", FEE + WHEN % "in_package = true")), "x.when.in_package: the tariff has no packages"),
    (files(element("flat", FEE + WHEN % 'option = "gold"')), "x.when.option: nobody offers the option 'gold'"),
    (files(element("flat", FEE + 'option = "gold"')), "x.option: nobody offers the option 'gold'"),
    (files(element("flat", FEE + 'when = { end_zone = "a" }, unless = { end_zone = "a" }')), "x.unless: `when` asks f"),
    (files(service=("[el", 'options = ["gold"]\n[el')), "service.toml: options[0]: no tariff asks for 'gold'"),
    # windows
    (files(element("time", WINDOW % "")), "x.windows[0]: it holds on every day at every hour"),
    (files(element("time", WINDOW % "begins = 08:00:00, ends = 08:00:00")), "x.windows[0]: it holds on every day"),
    (files(element("time", WINDOW % "weekdays = []")), "x.windows[0].weekdays: it names no day"),
    (files(element("time", WINDOW % "dates = []")), "x.windows[0].dates: it names no day"),
    (files(element("time", WINDOW % 'weekdays = ["monday"]')), "x.windows[0].weekdays: 'monday' is not a weekday"),
    (files(element("time", WINDOW % 'weekdays = ["mon", "mon"]')), "x.windows[0].weekdays[1]: this day stands here tw"),
    (files(element("time", WINDOW % 'season = ["02-30", "03-31"]')), "x.windows[0].season[0]: no year has a day 02-30"),
    (files(element("time", WINDOW % 'season = ["13-01", "03-31"]')), "x.windows[0].season[0][0]: it must be less than"),
    (files(element("time", WINDOW % 'season = "summer"')), "x.windows[0].season: write the first and the last day"),
    (files(element("time", WINDOW % 'dates = [2030-05-01], season = ["06-01", "08-31"]')), "dates[0]: 2030-05-01 is n"),
    (files(element("time", WINDOW % 'dates = [2030-05-06], weekdays = ["mon"]')), "windows[0].weekdays: `dates` say"),
    (files(element("reservation", "rate = 1, free_windows = [{ weekdays = [] }]")), "x.free_windows[0].weekdays: it n"),
    # tariffs and packages
    (files(tariff="best_package = true\n"), "t.best_package: the tariff has no packages"),
    (files(tariff=SMALLER_PACKAGE, city=('kind = "distance", id = "km", description = "Distance"',
                                         'kind = "time", id = "km", description = "D"')),
     "packages.day.included: the tariff has no rate for distance"),
    (files(tariff=DAY_PACKAGE.replace("amount", "when = { in_package = true }, amount")), "day.when.in_package: a pac"),
    (files(tariff='currency = "USD"\n'), "t.currency: the city has EUR"),
    (files(tariff='distance_unit = "mi"\n'), "t.distance_unit: the city has km"),
    (files(tariff='timezone = "Europe/Vienna"\n'), "t.timezone: the city has Europe/Berlin"),
    (files(tariff="models = []\n"), "t.models: it is for no model"),
    (files(tariff='models = ["X1", "X1"]\n'), "t.models[1]: 'X1' stands here twice"),
    (files(tariff="valid_until = 2021-01-01\n"), "t.valid_until: it ends before or when it begins"),
    (files(city=("hold = 30", "hold = 30.001")), "t.hold: 30.001 has more decimals than EUR"),
    (files(city=("hold = 30", "hold = -1")), "t.hold: less than nothing cannot be held"),
    (files(city=("hold = 30", "hold = 1000000001")), "t.hold: an amount must be at most"),
    (files(city=("hold = 30", 'hold = "30 EUR"')), "t.hold: write an amount as a number"),
    (files(city=("version = 1", "version = 0")), "t.version: it must be greater than or equal to 1"),
    (files(city=("version = 1", "version = 10000000000")), "t.version: it must be at most"),
    (files(city=('name = "T"', 'name = " T"')), "t.name: write it in one line, without blanks"),
    (files(city=('name = "T"', f'name = "{"T" * 201}"')), "t.name: it is longer than 200 letters"),
    (files(city=('id = "t"', 'id = ""')), "id: it is empty"),
    (files(city=("valid_from = 2021-01-01\n", "valid_from = 1021-01-01\n")), "t.valid_from: it must be in a year from"),
    (files(city=CITY[CITY.index("[[tariffs]]"):].replace("[[", "[[")), "berlin.toml: tariffs.t: t version 1 is for al"),
    (files(city=CITY[CITY.index("[[tariffs]]"):]), "tariffs.t.version: another tariff is t version 1 already"),
    (files(city=CITY[CITY.index("[[tariffs]]"):].replace('id = "t"', 'id = "u"').replace("2021", "2022")),
     "tariffs.u: t version 1 is for all models at the same time"),
    # city
    (files(city=("Europe/Berlin", "Europe/Berln")), "berlin.toml: timezone: there is no time zone 'Europe/Berln'"),
    (files(city=("Europe/Berlin", "../etc/passwd")), "berlin.toml: timezone: there is no time zone"),
    (files(city=('country = "DE"', 'country = "de"')), "berlin.toml: country: 'de' is not a code of ISO 3166"),
    (files(city=('name = "Berlin"', 'id = "berlin"\nname = "Berlin"')), "berlin.toml: id: the name of the file is the"),
    (files(city=(TAX_ENDS, TAX_ENDS + SECOND_TAX % "2022-01-01")), "taxes[1].valid_from: another 'VAT' holds on th"),
    (files(city=(TAX_ENDS, UNTIL_FEBRUARY + SECOND_TAX % "2021-02-02")),
     "taxes[1].valid_from: no 'VAT' holds from 2021-02-01 until this day"),
    (files(city=("valid_from = 2021-01-01 },", "valid_from = 2021-01-01, valid_until = 2021-01-01 },")),
     "taxes[0].valid_until: it ends before or when it begins"),
    (files(city=("inclusive = true", "inclusive = true, compound = true")), "taxes[0].compound: only an added tax"),
    (files(city=("inclusive = true", "inclusive = false, compound = true")), "taxes[0].compound: no tax stands before"),
    (files(element("flat", FEE + 'tax = "reduced"')), "x.tax: no tax of the city is on 'reduced': name it in `on`"),
    (files(city=(TAX_ENDS, TAX_ENDS + REDUCED)), "taxes[1].on[0]: no element, package or fee has the tax 'reduced'"),
    (files(city=(TAX_ENDS, TAX_ENDS + REDUCED.replace('"reduced"', ""))), "taxes[1].on: it is on nothing"),
    (files(city=(TAX_ENDS, TAX_ENDS + REDUCED.replace('"reduced"', '"standard", "standard"'))), "on[1]: 'standard' s"),
    (files(city=("inclusive = true", "inclusive = true, at_least = 1")), "taxes[0].at_least: only an added tax has"),
    (files(city=("inclusive = true", "inclusive = false, at_least = 1.001")), "taxes[0].at_least: 1.001 has more deci"),
    (files(city=("inclusive = true", 'inclusive = true, exempt = "why"')), "taxes[0].exempt: what is exempt has no"),
    (files(city=("rate = 0.19", "rate = 19")), "taxes[0].rate: it must be less than 1"),
    (files(city="[shared.windows]\nnever = { weekdays = ['mon'] }\n"), "shared.windows.never: nobody uses it"),
    (files(city="[shared.cities]\nx = 1\n"), "shared.cities: cities cannot be shared"),
    # service
    (files(service=('"EUR"', '"EURO"')), "service.toml: currency: there is no such currency"),
    (files(service=('key = "small"', 'key = "Small Service"')), "service.toml: key: 'Small Service' goes into URLs"),
    (files(service=("[el", "cities = []\n[el")), "service.toml: cities: a city has a file of its own"),
    (files(service=('free = "PT15M"', 'free = "PT9H"')), "reservation.free: a car is held for longer at first"),
    (files(service=('cooldown = "PT15M"', 'cooldown = "P2D"')), "reservation.cooldown: a car knows for one d"),
    (files(element("reservation", 'rate = 1, free = "PT9H"')), "x.free: no car is held for longer than the `maximum`"),
    (files(service=("minimum_energy = 10", "minimum_energy = 101")), "reservation.minimum_energy: a level is in perce"),
    (files(service=("minimum_energy = 10", "minimum_energy = 16")), "fleet.low_energy: a car could not be reserved"),
    (files(service="[fleet]\nrestored_energy = 15\n"), "fleet.restored_energy: a car would be low and filled"),
    (files(service=("minimum_age = 21", "minimum_age = -1")), "eligibility.minimum_age: write years from 0 to 120"),
    (files(service=("minimum_age = 21", "minimum_age = 21\nlicence_countries = []")), "licence_countries: nobody coul"),
    (files(service=("minimum_age = 21", 'minimum_age = 21\nlicence_countries = ["Germany"]')), "licence_countries[0]:"),
    (files(service='[trip]\nunlock_timeout = "PT0S"\n'), "trip.unlock_timeout: no time is too short"),
    (files(service="[trip]\nunlock_timeout = 30\n"), "trip.unlock_timeout: write a duration in quotes"),
    (files(service="[trip]\nreview_above = -1\n"), "trip.review_above: every price is above this"),
    (files(service="[billing]\nfour_eyes_above = -1\n"), "billing.four_eyes_above: every price is above this"),
    (files(service="[billing]\nfour_eyes_above = 0.001\n"), "billing.four_eyes_above: 0.001 has more decimals"),
    (files(service="[billing]\nfour_eyes_above = { EUR = 5, CROWNS = 5 }\n"), "four_eyes_above: 'CROWNS' is no cur"),
    (files(service="[billing]\nfour_eyes_above = { EUR = 5, SEK = 5 }\n"), "four_eyes_above: no city has SEK: take"),
    (files(service="[trip]\nreview_above = { SEK = 5 }\n"), "trip.review_above: nothing is said for EUR, that of Be"),
    (files(service='[billing]\nretry_charge_after = "P1D"\n'), "billing.retry_charge_after: write an array of dur"),
    (files(service='[billing]\nretry_charge_after = ["P1D", 3]\n'), "billing.retry_charge_after: write a duration"),
    (files(service='[billing]\nretry_charge_after = ["P1D", "PT0S"]\n'), "retry_charge_after[1]: it would be tried"),
    (files(service='[billing]\nretry_refund_after = ["PT0S"]\n'), "billing.retry_refund_after[0]: it would be tried"),
    (files(service="[billing]\nblock_after = 0\n"), "billing.block_after: the first try is 1 and `retry_ch"),
    (files(service="[billing]\nbuyers_kept_years = 31\n"), "billing.buyers_kept_years: write years from 0 to 30"),
    (files(service="[billing]\nblock_after = 5\n"), "billing.block_after: the first try is 1 and `retry_ch"),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "complaint"), REFUSED, ids=[complaint for _, complaint in REFUSED])
def test_what_would_fail_later_or_means_nothing_is_refused(texts: dict[str, str], complaint: str) -> None:
    found = told(texts)

    assert [one for one in found if complaint in one], found
    assert "\n" not in "".join(found)


def test_all_that_is_wrong_is_told_at_once_with_its_lines() -> None:
    bad = files(element("zone", "amount = 1"), element("time", 'rate = "3"', id="y"), city=("Europe/Berlin", "Berlin"))
    bad["service.toml"] = SERVICE.replace("minimum_age = 21", "minimum_agee = 21")

    with pytest.raises(RulebookError) as refused:
        text(bad)

    assert [(c.file, c.line, c.path) for c in refused.value.complaints] == [
        ("berlin.toml", 3, "timezone"),
        ("berlin.toml", 25, "tariffs.t.elements.x"),
        ("berlin.toml", 26, "tariffs.t.elements.y.rate"),
        ("service.toml", 5, "eligibility.minimum_age"),
        ("service.toml", 6, "eligibility.minimum_agee"),
    ]


def test_what_is_shared_is_told_once_where_it_stands() -> None:
    two = CITY.replace('id = "t"', 'id = "u"')[CITY.index("[[tariffs]]") :]
    shared = '[shared.elements]\nfee = { kind = "zone", description = "Fee", amount = 1 }\n'
    bad = files('  "fee",\n', tariff='models = ["X1"]\n', city=two.replace("  { kind", '  "fee",\n  { kind', 1))
    bad["berlin.toml"] += 'models = ["X2"]\n'
    bad["service.toml"] += shared

    assert told(bad) == [
        "service.toml: shared.elements.fee: a zone fee needs a zone: say where the trip must `start` or `end`"
    ]


def test_a_text_that_is_not_toml_is_told_by_its_line_beside_what_is_wrong_elsewhere() -> None:
    with pytest.raises(RulebookError) as refused:
        text({"service.toml": SERVICE.replace('"EUR"', '"EURO"'), "berlin.toml": CITY + "x = [1,\n", "Bonn.toml": ""})

    assert [(c.file, c.line) for c in refused.value.complaints] == [
        ("Bonn.toml", 1), ("berlin.toml", 26), ("service.toml", 3)
    ]  # fmt: skip


def test_a_service_needs_its_own_file_and_a_city() -> None:
    with pytest.raises(RulebookError, match=r"service\.toml:1: the file is missing"):
        text({"berlin.toml": CITY})
    with pytest.raises(RulebookError, match=r"service\.toml:1: the service has no city: add a file"):
        text({"service.toml": SERVICE})


def test_a_legal_entity_is_said_alike_wherever_it_is() -> None:
    other = CITY.replace('name = "Small GmbH"', 'name = "Other GmbH"').replace('id = "t"', 'id = "u"')
    prefix = CITY.replace('id = "de"', 'id = "at"').replace('id = "t"', 'id = "v"')

    found = told({"service.toml": SERVICE, "berlin.toml": CITY, "bonn.toml": other, "graz.toml": prefix})

    assert found == [
        "bonn.toml: legal_entity: de is another one in another city: say it once, in `shared`, or rename one",
        "graz.toml: legal_entity.number_prefix: de has the prefix 'DE-': each legal entity needs one of its own",
    ]


@pytest.mark.parametrize(
    "written", ["{prefix}{sequence}", "{prefix}{kind}{year}{year}{sequence}", "{prefix}{kind}{year}{sequence}{", "{0}"]
)
def test_numbers_of_documents_may_not_repeat(written: str) -> None:
    bad = CITY.replace('number_prefix = "DE-"', f'number_prefix = "DE-"\nnumber_format = "{written}"')

    [said] = told({"service.toml": SERVICE, "berlin.toml": bad})

    assert said.startswith("berlin.toml: legal_entity.number_format: ")
    assert said.endswith("must have {prefix}, {kind}, {year} and {sequence}, each once")


def test_a_fee_may_be_sold_by_somebody_else_who_is_said_in_shared_or_there() -> None:
    entity = CITY[CITY.index("[legal_entity]") : CITY.index("[[tariffs]]")]
    other = (
        entity.replace("[legal_entity]", "[shared.legal_entities.toll]")
        .replace("DE-", "TOLL-")
        .replace('id = "de"\n', "")
    )
    fee = '[[fees]]\nid = "toll"\nname = "Toll"\ndescription = "Of a road."\nseller = "toll"\n'

    rulebook = text({"service.toml": SERVICE, "berlin.toml": CITY + other + fee})

    assert [one.id for one in rulebook.cities[0].sellers] == ["de", "toll"]
    assert rulebook.cities[0].fees[0].seller.number_prefix == "TOLL-"  # type: ignore[union-attr]  # it has one


@pytest.mark.parametrize(("digits", "reason"), [(0, "greater than or equal to 1"), (13, "less than or equal to 12")])
def test_numbers_of_documents_have_digits(digits: int, reason: str) -> None:
    bad = CITY.replace('number_prefix = "DE-"', f'number_prefix = "DE-"\nnumber_digits = {digits}')

    assert told({"service.toml": SERVICE, "berlin.toml": bad}) == [
        f"berlin.toml: legal_entity.number_digits: it must be {reason}"
    ]


def test_a_new_version_supersedes_an_old_one_and_is_no_fault() -> None:
    later = CITY[CITY.index("[[tariffs]]") :].replace("version = 1", "version = 2").replace("2021", "2022")

    assert told(files(city=later)) == []


def test_a_car_remembers_holds_for_as_long_as_a_rulebook_may_ask() -> None:
    assert LONGEST_REPEAT_HOLD <= RESERVATIONS_REMEMBERED


WHOLE = files(
    element("ladder", RUNGS), element("flat", FEE + "when = { in_package = true }", id="y"), tariff=DAY_PACKAGE
)
PIECES = st.sampled_from(
    [
        '"',
        "3",
        "-1",
        "{",
        "}",
        "[",
        "]",
        "=",
        "true",
        "2021-01-01",
        "'x'",
        "\n",
        ",",
        "kind",
        "nan",
        "[]",
        "{}",
        "[[a]]",
    ]
)


@given(
    file=st.sampled_from(sorted(WHOLE)),
    places=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 30), PIECES), min_size=1, max_size=4),
)
@settings(max_examples=300)
def test_whatever_is_written_loading_answers_with_complaints_at_most(
    file: str, places: list[tuple[int, int, str]]
) -> None:
    written = WHOLE[file]
    for start, length, piece in places:
        begin = start % len(written)
        written = written[:begin] + piece + written[begin + length :]

    lines = [complaint.line for complaint in complaints({**WHOLE, file: written}) if complaint.file == file]

    assert all(1 <= line <= written.count("\n") + 1 for line in lines)


VALUES = ["3", "-1", "true", '""', '"x"', "[]", "{}", "[3]", "[{}]", "2021-01-01", "1e30", "{ kind = 'cap' }", "nan"]
LINES = [(file, n) for file, written in WHOLE.items() for n, line in enumerate(written.splitlines()) if " = " in line]


@given(st.lists(st.tuples(st.sampled_from(LINES), st.sampled_from(VALUES)), min_size=1, max_size=3))
@settings(max_examples=300)
def test_a_wrong_value_for_any_key_is_told(changes: list[tuple[tuple[str, int], str]]) -> None:
    lines = {file: written.splitlines() for file, written in WHOLE.items()}
    for (file, n), value in changes:
        key = lines[file][n].split(" = ")[0]
        lines[file][n] = f"{key} = {value}{' },' if '{' in key else ''}"
    found = complaints({file: "\n".join(written) for file, written in lines.items()})

    assert all(complaint.reason for complaint in found)
