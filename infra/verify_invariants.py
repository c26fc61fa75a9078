"""What the rules promise of every calendar, at every event of the log: V10, and the invariants I1 to I5."""

from typing import Final

from infra.log_feed import Decode
from infra.verify_bookings import booked_once
from infra.verify_calendars import replayed
from infra.verify_challenges import ends_once
from infra.verify_clocks import by_its_clocks, lapsed_or_converted
from infra.verify_order import in_order
from infra.verify_queue import ranked
from infra.verify_snapshot import Found, Snapshot

INVARIANTS: Final = (
    ("V10", "on no stretch is a hold both lapsed and converted", lapsed_or_converted),
    ("I1", "each instant is booked once, or an override names the other booking", booked_once),
    ("I2", "ranks on every stretch are 1..n, at every seq", ranked),
    ("I3", "nobody is ahead of an earlier arrival without an override", in_order),
    ("I4", "one open challenge a stretch, and each ends once", ends_once),
    ("I5", "holds are converted before their clocks run out, and lapse when they have", by_its_clocks),
)


async def invariants(at: Snapshot, decode: Decode) -> list[Found]:
    """What was found of each of `INVARIANTS`, in their order."""
    return await replayed(at, decode, [look for _, _, look in INVARIANTS])
