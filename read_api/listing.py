"""A list, page by page: which rows a page wants, which of them it shows, and where the next one begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Self

from fastapi import Query
from psycopg.sql import SQL, Composable, Composed

from read_api.cursor import cursor_after, place_in
from read_api.tenant import Found, Tenant

Limit = Annotated[int, Query(ge=1, le=200)]


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a list: at most `limit` rows behind `after`, or behind `name` among those that share that seq."""

    limit: int
    after: int
    name: str
    _of: tuple[object, ...]

    @classmethod
    def of(cls, tenant: Tenant, cursor: str | None, limit: int, *of: object) -> Self:
        """`of` says which list of the tenant's it is: its route and its filters.

        Raises:
            RequestValidationError: `cursor` is not of that list.
        """
        route, *asked = of
        listed = (route, tenant.who.tenant_id, *asked)
        after, name = place_in(cursor, *listed)
        return cls(limit, after, name, listed)

    @property
    def parameters(self) -> dict[str, Any]:
        """For its query: `after`, `name`, and `most` rows, one more than are shown: whether the list goes on."""
        return {"after": self.after, "name": self.name, "most": self.limit + 1}

    def page(self, rows: Sequence[Found], *, name: str | None = None) -> tuple[Sequence[Found], str | None]:
        """Those of `rows` that are shown, and the cursor behind them; None at the end of the list.

        `name` is the column that tells rows apart that share a seq.
        """
        if len(rows) <= self.limit:
            return rows, None
        last = rows[self.limit - 1]
        return rows[: self.limit], cursor_after(last["seq"], *self._of, name=last[name] if name else "")


def filtered(query: SQL, filters: Mapping[str, SQL], asked: Mapping[str, Any], *more: Composable) -> Composed:
    """`query` with those of `filters` for which something was asked, and `more`, behind what its `WHERE` says."""
    conditions = [condition for name, condition in filters.items() if asked[name] is not None]
    return query.format(SQL("").join(SQL(" AND ") + condition for condition in (*conditions, *more)))
