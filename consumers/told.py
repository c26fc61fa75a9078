"""To end when told, also where Python forgets that somebody has told."""

import asyncio


def end_if_told() -> None:
    """Raise the cancellation that `asyncio.wait_for` loses before Python 3.12 when what it waits for comes just then.

    A connection pool waits so. Whoever runs in a task group is told once only, and would go on for ever.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError
