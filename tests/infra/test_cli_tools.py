"""The commands that do one thing and end."""

from datetime import timedelta
from pathlib import Path

import jwt
import psycopg
import pytest

from infra.verify import lines
from tests.infra.command_line import run

PERMITS = """\
EventID,StartDateTime,EndDateTime,Category,ZipCode(s)
1,3/9/19 4:00,3/9/19 11:00,Film,"10036, 10105"
2,3/9/19 5:00,3/9/19 12:00,Film,10036
"""


def claims(token: str) -> dict[str, object]:
    told: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return told


def test_a_token_is_all_that_is_printed_and_says_what_was_asked_for(tmp_path: Path) -> None:
    said = run(
        *("token", "--tenant", "acme", "--role", "service", "--user", "u1", "--expires-in", "2h"),
        *("--permission", "audit", "--permission", "read", "--data", str(tmp_path)),
    )
    told = claims(said.stdout.removesuffix("\n"))
    assert (told["org_id"], told["org_role"], told["sub"]) == ("acme", "service", "u1")
    assert told["permissions"] == ["audit", "read"]
    assert int(str(told["exp"])) - int(str(told["iat"])) == timedelta(hours=2).total_seconds()


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (["--role", "artist"], "The token of an artist names no artist."),
        (["--role", "king"], "'king' is not one of"),
        (["--role", "viewer", "--expires-in", "soon"], "'soon' is not a number and a unit"),
        (["--role", "viewer", "--permission", "fly"], "'fly' is not one of"),
        (["--role", "viewer", "--tenant", ""], "1 to 255 printable characters"),
    ],
)
def test_a_token_that_nobody_would_believe_is_not_made(tmp_path: Path, asked: list[str], sentence: str) -> None:
    said = run("token", "--tenant", "acme", *asked, "--data", str(tmp_path))
    assert (said.returncode, said.stdout) == (2, "")
    assert sentence in said.stderr


def test_a_key_that_others_may_read_makes_no_token(tmp_path: Path) -> None:
    (tmp_path / "issuer.pem").touch(mode=0o644)
    said = run("token", "--tenant", "acme", "--role", "viewer", "--data", str(tmp_path))
    assert said.returncode == 1
    assert said.stderr.startswith("production-tool: ")
    assert "chmod 600" in said.stderr


def test_verify_has_a_line_for_each_promise(database: str) -> None:
    said = run("verify", DATABASE_URL=database)
    assert (said.returncode, said.stderr) == (0, "")
    assert [line.split()[0] for line in said.stdout.splitlines()] == [name for name, _ in lines()]


def test_verify_fails_when_one_is_broken_and_still_looks_at_the_rest(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO positions (tenant_id, projection, seq) VALUES (gen_random_uuid(), 'holds', 7)")
    said = run("verify", DATABASE_URL=database)
    broken = [line.split()[0] for line in said.stdout.splitlines() if "VIOLATED" in line]
    assert (said.returncode, broken) == (1, ["V8"])
    assert len(said.stdout.splitlines()) == len(lines())


def test_permits_are_imported_once_and_what_was_refused_is_told(database: str, tmp_path: Path) -> None:
    file, refused = tmp_path / "permits.csv", tmp_path / "refused.csv"
    file.write_text(PERMITS)
    import_them = ("import-permits", str(file), "--tenant", "acme", "--max-depth", "1", "--refused", str(refused))
    first, second = run(*import_them, DATABASE_URL=database), run(*import_them, DATABASE_URL=database)
    assert (first.returncode, second.returncode) == (0, 0)
    assert "2 accepted, 0 were there already, 1 refused" in first.stdout
    assert "nothing has changed" in second.stdout
    assert refused.read_text().splitlines()[1].startswith("2,10036,queue_full,")


def test_what_is_no_list_of_permits_is_a_plain_error(database: str, tmp_path: Path) -> None:
    file = tmp_path / "permits.csv"
    file.write_text("1")
    said = run("import-permits", str(file), "--tenant", "acme", DATABASE_URL=database)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("production-tool: ")
    assert "Traceback" not in said.stderr


def test_a_benchmark_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    said = run("bench", "nonsense", "--json", str(tmp_path / "figures.json"))
    assert said.returncode == 2
    assert "nonsense" in said.stderr
