import asyncio

import pytest

from read_api.together import Together

pytestmark = pytest.mark.anyio


class Shelf:
    """Looked at as often as is counted; each look waits until it is let go."""

    def __init__(self) -> None:
        self.looks = 0
        self.gate = asyncio.Event()

    async def look(self) -> int:
        self.looks += 1
        mine = self.looks
        await self.gate.wait()
        return mine


async def _turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_asks_while_it_is_looked_up_shares_the_next_answer() -> None:
    together, shelf = Together(), Shelf()
    first = asyncio.create_task(together.ask("what", shelf.look))
    await _turn()
    others = [asyncio.create_task(together.ask("what", shelf.look)) for _ in range(10)]
    await _turn()
    assert shelf.looks == 1
    shelf.gate.set()
    assert await first == 1
    assert set(await asyncio.gather(*others)) == {2}


async def test_another_question_is_another_answer() -> None:
    together, shelf = Together(), Shelf()
    shelf.gate.set()
    found = await asyncio.gather(together.ask("what", shelf.look), together.ask("who", shelf.look))
    assert list(found) == [1, 2]


async def test_a_failure_is_everybodys_who_has_asked_and_nobodys_after() -> None:
    together = Together()

    async def fail() -> int:
        raise LookupError

    found = await asyncio.gather(*[together.ask("what", fail) for _ in range(3)], return_exceptions=True)
    assert [type(one) for one in found] == [LookupError] * 3
    shelf = Shelf()
    shelf.gate.set()
    assert await together.ask("what", shelf.look) == 1


async def test_who_goes_away_takes_nobodys_answer_along() -> None:
    together, shelf = Together(), Shelf()
    gone = asyncio.create_task(together.ask("what", shelf.look))
    stays = asyncio.create_task(together.ask("what", shelf.look))
    await _turn()
    gone.cancel()
    shelf.gate.set()
    assert await stays == 1
