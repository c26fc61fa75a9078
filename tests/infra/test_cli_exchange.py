"""Others' files on the command line: calendars and tables in, the API's document out."""

import json
from pathlib import Path

import psycopg

from tests.commands.odd_calendars import PLAIN
from tests.infra.command_line import run


def test_a_table_and_a_calendar_are_imported_once_and_what_was_refused_is_told(database: str, tmp_path: Path) -> None:
    people, away, refused = tmp_path / "people.csv", tmp_path / "away.ics", tmp_path / "refused.csv"
    people.write_text("Last Name,First Name,Email,Active\nDoe,Jane,jane@studio.example,yes\nRoe,Rick,,no\n")
    away.write_text(PLAIN)
    table = ("import-csv", "artists", str(people), "--tenant", "acme", "--time-zone", "Europe/Paris")
    first = run(*table, "--refused", str(refused), DATABASE_URL=database)
    second = run(*table, DATABASE_URL=database)
    assert first.stdout.splitlines()[0] == "2 rows: 1 accepted, 0 were there already, 1 refused", first.stderr
    assert second.stdout.splitlines()[0] == "2 rows: 0 accepted, 1 were there already, 1 refused"
    assert refused.read_text().splitlines()[1] == "3,Rick Roe,not_active,It is marked as not active."
    with psycopg.connect(database) as connection:
        row = connection.execute("SELECT stream FROM events WHERE event_type = 'artist.added.v1'").fetchone()
    assert row is not None
    artist = row[0].removeprefix("artist/")
    calendar = ("import-ics", str(away), "--tenant", "acme", "--artist", artist, "--approve")
    assert run(*calendar, DATABASE_URL=database).stdout.startswith("1 rows: 1 accepted")
    assert run(*calendar, DATABASE_URL=database).stdout.startswith("1 rows: 0 accepted, 1 were there already")


def test_mistakes_are_plain_sentences(database: str, tmp_path: Path) -> None:
    file = tmp_path / "x.ics"
    file.write_text("hello")
    nobody = "00000000-0000-4000-8000-000000000000"
    asked = ("import-ics", str(file), "--tenant", "acme", "--artist")
    said = [
        run(*asked, nobody, DATABASE_URL=database),
        run(*asked, "Mo", DATABASE_URL=database),
        run(*asked, nobody, "--as", "booking", DATABASE_URL=database),
        run("import-csv", "artists", str(file), "--tenant", "acme", DATABASE_URL=database),
    ]
    assert [one.returncode for one in said] == [1, 2, 2, 1]
    for one, sentence in zip(
        said, ("no such artist", "is not an id", "need --project", "first row names none"), strict=True
    ):
        assert sentence in one.stderr
        assert "Traceback" not in one.stderr


def test_the_document_needs_no_database() -> None:
    document = json.loads(run("openapi", DATABASE_URL="postgresql://nowhere.invalid/x").stdout)
    assert document["info"]["title"] == "Production Tool"
    assert {tag for path in document["paths"].values() for one in path.values() for tag in one["tags"]} == {
        tag["name"] for tag in document["tags"]
    }
