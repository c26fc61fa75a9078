from decimal import Decimal

from domain.artist import ArtistAdded
from domain.money import Money
from domain.project import ProjectCancelled, ProjectClosed, ProjectOpened
from projections import directory
from projections.directory import ARTISTS, PROJECTS
from tests.projections.story import ARTIST, PROJECT, TENANT, projected

_OPENED = ProjectOpened(name="Whale", time_zone="Europe/Berlin", budget=Money(amount=Decimal("450.00"), currency="EUR"))


def test_an_artist_is_listed_with_what_was_said() -> None:
    added = ArtistAdded(name="Ada", time_zone="Europe/London", user="u7", skills=("comp",))
    row = projected(directory.PROJECTION, (f"artist/{ARTIST}", added))[ARTISTS][TENANT, ARTIST]
    assert (row["name"], row["subject"], row["skills"], row["seq"]) == ("Ada", "u7", ("comp",), 1)


def test_a_project_is_open_until_it_is_closed_or_cancelled() -> None:
    stream = f"project/{PROJECT}"
    rows = projected(directory.PROJECTION, (stream, _OPENED))[PROJECTS]
    assert rows[TENANT, PROJECT]["status"] == "open"
    assert rows[TENANT, PROJECT]["budget"] == {"amount": "450.00", "currency": "EUR"}
    closed = projected(directory.PROJECTION, (stream, _OPENED), (stream, ProjectClosed()))[PROJECTS]
    assert (closed[TENANT, PROJECT]["status"], closed[TENANT, PROJECT]["version"]) == ("closed", 2)
    cancelled = projected(directory.PROJECTION, (stream, _OPENED), (stream, ProjectCancelled()))[PROJECTS]
    assert cancelled[TENANT, PROJECT]["status"] == "cancelled"
