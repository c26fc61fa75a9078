"""What a read model's table looks like, said once for writing, comparing and rebuilding it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

Row = Mapping[str, Any]
"""Column to value: ids as text, instants as aware datetimes, `json` as what JSON can say."""

Key = tuple[str, ...]
"""The values of a table's key columns, the tenant's id first."""


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table of one read model. Its DDL is a migration; a test holds the two together."""

    name: str
    key: tuple[str, ...]
    """The primary key; `tenant_id` comes first, always."""
    columns: Mapping[str, str]
    """Every column, the key's included, with its Postgres type."""
    said: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """For each `json` column that holds objects of ours while events fold into its row: what JSON says of one.

    Most rows of a batch are changed again, or gone, before they are written; so only what is written is put in words.
    """
    key_of: Callable[[Row], Key] = field(init=False)
    """The key of a row."""

    def __post_init__(self) -> None:
        """One column is no tuple to `itemgetter`."""
        only = self.key[0]
        of = itemgetter(*self.key) if len(self.key) > 1 else lambda row: (row[only],)
        object.__setattr__(self, "key_of", of)
