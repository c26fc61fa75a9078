from uuid import uuid4

import pytest

from commands.challenge import (
    AnswerChallenge,
    WithdrawChallenge,
    answer_challenge,
    withdraw_challenge,
)
from tests.flow.office import days
from tests.read_api.scene import Scene

pytestmark = pytest.mark.anyio

WEEK = days("2031-03-03", "2031-03-07")


async def contested(scene: Scene) -> tuple[str, str, str]:
    """The first hold, the second, and its challenge."""
    first = await scene.office.hold(scene.artist, scene.project, WEEK)
    second = await scene.office.hold(scene.artist, await scene.office.project("Seal"), days("2031-03-05", "2031-03-06"))
    return first, second, await scene.office.challenge(second)


async def test_a_challenge_says_who_has_to_answer_what_until_when(scene: Scene) -> None:
    first, second, challenge = await contested(scene)
    shown = await scene.see(f"/v1/challenges/{challenge}")
    assert (shown["status"], shown["hold_id"], shown["challenged"]) == ("open", second, [first])
    assert shown["artist_id"] == scene.artist
    assert (shown["periods"][0]["first_day"], shown["periods"][0]["last_day"]) == ("2031-03-05", "2031-03-06")
    assert shown["answer_by"]["rule"] == "24 hours to answer"
    assert (shown["answers"], shown["outcomes"], shown["raised_by"]) == ([], [], "ada")


async def test_answers_and_outcomes_stay_when_it_is_decided(scene: Scene) -> None:
    first, _, challenge = await contested(scene)
    part = days("2031-03-05")
    await scene.office.ask(answer_challenge, challenge, AnswerChallenge, hold_id=first, answer="release", periods=part)
    shown = await scene.see(f"/v1/challenges/{challenge}")
    assert (shown["status"], shown["periods"][0]["first_day"]) == ("open", "2031-03-06")
    (answer,) = shown["answers"]
    assert (answer["hold_id"], answer["answer"], answer["actor"]) == (first, "release", "ada")
    assert [(one["outcome"], one["periods"][0]["first_day"]) for one in shown["outcomes"]] == [("won", "2031-03-05")]
    await scene.office.ask(withdraw_challenge, challenge, WithdrawChallenge)
    shown = await scene.see(f"/v1/challenges/{challenge}")
    assert (shown["status"], shown["periods"], shown["version"]) == ("decided", [], 3)
    assert [one["outcome"] for one in shown["outcomes"]] == ["won", "withdrawn"]


async def test_challenges_are_found_by_artist_project_and_status(scene: Scene) -> None:
    _, _, challenge = await contested(scene)
    seal = (await scene.see(f"/v1/challenges/{challenge}"))["project_id"]
    assert await scene.ids("/v1/challenges") == [challenge]
    assert await scene.ids("/v1/challenges", artist_id=scene.artist, project_id=seal, status="open") == [challenge]
    for query in ({"status": "decided"}, {"artist_id": str(uuid4())}, {"project_id": scene.project}):
        assert await scene.ids("/v1/challenges", **query) == []


async def test_a_challenge_is_for_staff_of_its_tenant(scene: Scene) -> None:
    _, _, challenge = await contested(scene)
    await scene.not_there(f"/v1/challenges/{challenge}", f"/v1/challenges/{uuid4()}")
    for path in ("/v1/challenges", f"/v1/challenges/{challenge}"):
        assert (await scene.answer(path, scene.itself(scene.artist))).status_code == 403
