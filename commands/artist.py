"""Artists: add."""

from datetime import datetime

from pydantic import Field

from commands.body import Body, Id, Name, Zone, new_id
from commands.context import Context
from commands.log import Decided, Log, Outcome, States
from domain.artist import ARTIST, ArtistAdded, ConsentMode, add
from domain.money import Money


class AddArtist(Body):
    """Add a person, a room or a kit that can be held and booked."""

    id: Id | None = None
    name: Name
    time_zone: Zone
    user: Name | None = None
    email: Name | None = None
    skills: tuple[Name, ...] = Field(default=(), max_length=100)
    day_rate: Money | None = None
    consent: ConsentMode = "staff"


async def add_artist(log: Log, context: Context, command: AddArtist) -> Outcome:
    """The same artist twice is one."""
    artist = ARTIST.stream(command.id or new_id())
    wish = ArtistAdded(
        name=command.name,
        time_zone=command.time_zone,
        user=command.user,
        email=command.email,
        skills=command.skills,
        day_rate=command.day_rate,
        consent=command.consent,
    )

    def decision(states: States, _: datetime) -> Decided:
        return Decided({artist: add(states[artist], wish)})

    return await log.decide(context, artist, (), decision)
