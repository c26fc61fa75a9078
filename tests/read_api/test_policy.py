import pytest

from tests.read_api.scene import Scene

pytestmark = pytest.mark.anyio


async def test_everybody_begins_with_the_default_preset(scene: Scene) -> None:
    answer = await scene.answer("/v1/policy")
    shown = answer.json()
    assert (shown["version"], shown["policy"]["name"], shown["policy"]["max_depth"]) == (0, "motion-24h", 5)
    assert "adopted_at" not in shown
    assert answer.headers["etag"].startswith('"0.')


async def test_the_policy_in_force_is_the_one_adopted_last(scene: Scene) -> None:
    await scene.office.policy(preset="arena-72h")
    await scene.office.policy(preset="arena-72h", max_depth=3)
    await scene.other.policy(preset="models-us")
    shown = await scene.see("/v1/policy")
    assert (shown["version"], shown["policy"]["max_depth"], shown["adopted_by"]) == (2, 3, "ada")
    assert shown["policy"]["window"]["unit"] == "working_days"


async def test_the_policy_is_for_staff(scene: Scene) -> None:
    assert (await scene.answer("/v1/policy", scene.itself(scene.artist))).status_code == 403
