"""What happens to a thing that nobody ever began is a broken log, whatever the read model."""

import pytest

from domain.calendar import BookingMoved, TimeOffMarked
from domain.challenge import ChallengeWithdrawn
from domain.event import Event
from domain.time_off import TimeOffWithdrawn
from projections import challenges, time_off, utilisation
from projections.projection import Projection
from tests.projections.story import ARTIST, BOOKING, march, projected, time


@pytest.mark.parametrize(
    ("projection", "stream", "event"),
    [
        (challenges.PROJECTION, f"challenge/{BOOKING}", ChallengeWithdrawn()),
        (time_off.PROJECTION, f"time_off/{BOOKING}", TimeOffWithdrawn()),
        (
            time_off.PROJECTION,
            f"calendar/{ARTIST}",
            TimeOffMarked(time_off_id=BOOKING, spans=time(1, 2), approved=True),
        ),
        (utilisation.PROJECTION, f"calendar/{ARTIST}", BookingMoved(booking_id=BOOKING, spans=(march(1, 2),))),
    ],
)
def test_a_thing_that_was_never_begun_is_a_broken_log(projection: Projection, stream: str, event: Event) -> None:
    with pytest.raises(LookupError, match=BOOKING):
        projected(projection, (stream, event))
