"""What an accountant calls our accounts, as a file in TOML, one for each seller."""

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

AccountNumber = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{3,7}$")]


class Chart(BaseModel):
    """How a seller's books are called at DATEV."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seller: str
    """Id of the legal entity."""
    consultant: Annotated[int, Field(ge=1001, le=9_999_999)]
    """Number of the consultant (Beraternummer)."""
    client: Annotated[int, Field(ge=1, le=99_999)]
    """Number of the client (Mandantennummer)."""
    fiscal_year_begins: Annotated[int, Field(ge=1, le=12)] = 1
    """Month with whose first day a fiscal year begins."""
    account_length: Literal[4, 5, 6, 7, 8] = 4
    """Digits of an account's number."""
    accounts: dict[str, AccountNumber]
    """Number of each of our accounts."""
    taxes: dict[Decimal, AccountNumber] = Field(default_factory=dict)
    """Number of the account of each tax rate, e.g. 0.19; others are in the account of all taxes."""
    automatic: frozenset[AccountNumber] = frozenset()
    """Accounts that reckon the tax by themselves at DATEV: our entries have it apart, so that is lifted (key 40)."""

    @model_validator(mode="after")
    def _all_as_long(self) -> Self:
        every = {*self.accounts.values(), *self.taxes.values(), *self.automatic}
        if wrong := sorted(number for number in every if len(number) != self.account_length):
            raise ValueError(f"accounts have {self.account_length} digits here, not {', '.join(wrong)}")
        return self

    @classmethod
    def read(cls, file: Path) -> Self:
        """Raises `ValueError` that says what is wrong."""
        try:
            return cls.model_validate(tomllib.loads(file.read_text("utf-8")))
        except ValidationError as error:
            found = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'chart'}: {one['msg']}" for one in error.errors())
            raise ValueError(f"{file.name}: {found}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{file.name}: {error}") from error

    def number(self, account: str, tax_rate: Decimal | None = None) -> str:
        """Of one of our accounts; of a tax, by its rate. Raises `ValueError` for what the chart does not name."""
        if account == "tax" and tax_rate is not None and (found := self.taxes.get(tax_rate.normalize())):
            return found
        if account not in self.accounts:
            raise ValueError(f"the chart has no account for {account}: add it to [accounts]")
        return self.accounts[account]
