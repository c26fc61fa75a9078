"""The outside world, and the wiring."""

import asyncio
import sys

from infra.wait_for import wait_for

if sys.version_info < (3, 12):
    asyncio.wait_for = wait_for  # type: ignore[assignment] # theirs takes anything that can be awaited, as ours does
