"""The rows that a batch of events touches, in memory: events fold into them one by one, then each is written once."""

from collections.abc import Iterator, Mapping

from projections.table import Key, Row, Table


class Rows:
    """A working set. Rows are values: to change one, put another in its place."""

    __slots__ = ("_changed", "_found")

    def __init__(self, found: Mapping[Table, Mapping[Key, Row]]) -> None:
        """`found` are the stored rows among those that the batch's events touch."""
        self._found = found
        self._changed: dict[Table, dict[Key, Row | None]] = {}

    def get(self, table: Table, key: Key) -> Row | None:
        """The row as the events so far have left it, or None."""
        changed = self._changed.get(table)
        if changed is not None and key in changed:
            return changed[key]
        found = self._found.get(table)
        return None if found is None else found.get(key)

    def put(self, table: Table, row: Row) -> None:
        """Make `row` the row with its key."""
        self._changed.setdefault(table, {})[table.key_of(row)] = row

    def remove(self, table: Table, key: Key) -> None:
        """Let there be no row with this key."""
        self._changed.setdefault(table, {})[key] = None

    def written(self, table: Table) -> list[Row]:
        """The rows to store."""
        rows = [row for row in self._changed.get(table, {}).values() if row is not None]
        return [_said(table, row) for row in rows] if table.said else rows

    def removed(self, table: Table) -> list[Key]:
        """The keys to delete; some may never have been stored."""
        return [key for key, row in self._changed.get(table, {}).items() if row is None]

    def changes(self, table: Table) -> Iterator[tuple[Key, Row | None, Row | None]]:
        """Each row that was touched: its key, the row as it was found, and as it has become."""
        found = self._found.get(table, {})
        for key, row in self._changed.get(table, {}).items():
            yield key, found.get(key), row


def _said(table: Table, row: Row) -> Row:
    """`row` with its objects in words."""
    return {**row, **{name: say(row[name]) for name, say in table.said.items()}}
