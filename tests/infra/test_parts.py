"""`infra/parts.py`: processes that live and die together."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from infra.embedded_guard import until
from infra.parts import Part, PartEnded, run_together

_LASTING = """
import os, signal, sys
from pathlib import Path
from infra.parts import end_with_parent
end_with_parent()
Path(sys.argv[1]).write_text(str(os.getpid()))
signal.pause()
"""

_ALONE = """
import asyncio, sys
from infra.parts import Part, run_together
parts = tuple(Part(name, (sys.executable, *sys.argv[1:3], sys.argv[3] + name)) for name in ("one", "two"))
async def nothing(): pass
asyncio.run(run_together(parts, environment={}, started=nothing))
"""


def _lasting(name: str, folder: Path) -> Part:
    return Part(name, (sys.executable, "-c", _LASTING, str(folder / name)))


def _pid(folder: Path, name: str) -> int:
    file = folder / name
    assert until(lambda: file.exists() and file.read_text() != "", 30)
    return int(file.read_text())


def _is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z"


async def _tell(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)
    await asyncio.Event().wait()


@pytest.mark.anyio
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_all_end_when_this_process_is_told_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    parts = (_lasting("one", tmp_path), _lasting("two", tmp_path))

    async def started() -> None:
        await asyncio.to_thread(lambda: [_pid(tmp_path, part.name) for part in parts])
        await _tell(number)

    await run_together(parts, environment={}, started=started)
    assert all(_is_gone(_pid(tmp_path, part.name)) for part in parts)


@pytest.mark.anyio
async def test_one_that_ends_by_itself_ends_the_others_and_is_named(tmp_path: Path) -> None:
    async def started() -> None:
        await asyncio.to_thread(_pid, tmp_path, "API")
        os.kill(await asyncio.to_thread(_pid, tmp_path, "projector"), signal.SIGKILL)

    with pytest.raises(PartEnded, match=r"the projector has ended by itself \(SIGKILL\)"):
        await run_together(
            (_lasting("API", tmp_path), _lasting("projector", tmp_path)), environment={}, started=started
        )
    assert _is_gone(_pid(tmp_path, "API"))


@pytest.mark.anyio
async def test_what_cannot_be_said_ends_everything(tmp_path: Path) -> None:
    async def started() -> None:
        await asyncio.to_thread(_pid, tmp_path, "one")
        raise LookupError("no address")

    with pytest.raises(LookupError, match="no address"):
        await run_together((_lasting("one", tmp_path),), environment={}, started=started)
    assert _is_gone(_pid(tmp_path, "one"))


@pytest.mark.anyio
async def test_parts_are_told_their_environment(tmp_path: Path) -> None:
    told = tmp_path / "told"
    code = f"import os; open({str(told)!r}, 'w').write(os.environ['DATABASE_URL'])"

    async def started() -> None:
        await asyncio.Event().wait()

    with pytest.raises(PartEnded, match="exit status 0"):
        await run_together(
            (Part("teller", (sys.executable, "-c", code)),), environment={"DATABASE_URL": "here"}, started=started
        )
    assert told.read_text() == "here"


@pytest.mark.anyio
async def test_a_part_ends_with_its_parent_even_when_that_was_killed(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", _ALONE, "-c", _LASTING, f"{tmp_path}/")
    pids = [await asyncio.to_thread(_pid, tmp_path, name) for name in ("one", "two")]
    process.kill()
    await process.wait()
    assert await asyncio.to_thread(until, lambda: all(map(_is_gone, pids)), 30)
