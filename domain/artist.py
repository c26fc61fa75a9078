"""An artist: a person, a room or a kit that can be held and booked."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from domain.decider import Decider
from domain.errors import Refused
from domain.event import Event
from domain.money import Money

ConsentMode = Literal["staff", "freelancer", "agency"]


class IdTaken(Refused):
    """Something else has this id already."""

    code = "id_taken"


class ArtistAdded(Event):
    """An artist can be held and booked."""

    stored_as: ClassVar[str] = "artist.added.v1"
    name: str
    time_zone: str
    user: str | None = None
    email: str | None = None
    skills: tuple[str, ...] = ()
    day_rate: Money | None = None
    consent: ConsentMode = "staff"


@dataclass(frozen=True, slots=True)
class Artist:
    """What decisions need to know of an artist."""

    added: ArtistAdded | None = None


def add(artist: Artist, wish: ArtistAdded) -> list[Event]:
    """Add the artist that `wish` describes.

    Raises:
        IdTaken: another artist has this id.
    """
    if artist.added is None:
        return [wish]
    if artist.added != wish:
        raise IdTaken("Another artist has this id.")
    return []


def evolve(artist: Artist, event: Event) -> Artist:
    """The artist after `event`."""
    return Artist(added=event) if isinstance(event, ArtistAdded) else artist


ARTIST = Decider[Artist](category="artist", events=(ArtistAdded,), initial=Artist(), evolve=evolve)
