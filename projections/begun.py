"""What an event goes on about must have begun."""

from projections.recorded import Recorded
from projections.rows import Rows
from projections.table import Row, Table


def begun(rows: Rows, table: Table, recorded: Recorded, id: str) -> Row:
    """The row of the thing of that id, which an earlier event has made.

    Raises:
        LookupError: none has, so the log is broken, or that event is parked.
    """
    row = rows.get(table, (recorded.tenant_id, id))
    if row is None:
        raise LookupError(f"seq {recorded.seq} of {recorded.tenant_id}: nothing began {id} in {table.name}")
    return row
