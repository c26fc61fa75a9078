"""Amounts of money, exact, with their currency."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema


def _written(value: object) -> object:
    if isinstance(value, str | Decimal):
        return value
    raise ValueError('must be written as text, such as "450.00"')


class Money(BaseModel):
    """Such as `{"amount": "450.00", "currency": "EUR"}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amount: Annotated[
        Decimal,
        BeforeValidator(_written),
        Field(ge=0, max_digits=14, decimal_places=2, allow_inf_nan=False),
        WithJsonSchema({"type": "string", "pattern": r"^\d{1,12}(\.\d{1,2})?$"}),
    ]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
