"""Deadlines that become events, and what follows from them."""

from tests.proof.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "the clock goes by a clock of its own",
        "consumers/clock.py",
        'connection.execute("SELECT clock_timestamp()")',
        'connection.execute("SELECT pg_catalog.clock_timestamp()")',
        ("tests/consumers/test_clock.py",),
    ),
    Mutant(
        "the clock takes for recorded what could not be",
        "consumers/clock.py",
        "zip(overdue, recorded, strict=True) if done}",
        "zip(overdue, recorded, strict=True) if done or True}",
        ("tests/consumers/test_clock.py",),
    ),
    Mutant(
        "the clock looks at one page only",
        "consumers/clock.py",
        "            after = page[-1]\n",
        "            after = page[-1]._replace(due_at=now + timedelta(days=1))\n",
        ("tests/consumers/test_clock.py",),
    ),
    Mutant(
        "a decision counts as followed before it is",
        "consumers/following.py",
        "        following = await self._following(decision)\n",
        "        following = await self._following(decision)\n        await self._mark(decision)\n",
        ("tests/consumers/test_following.py",),
    ),
    Mutant(
        "what follows ends the holds and forgets the rest",
        "consumers/following.py",
        'tuple(ids["booking"]), reason, tuple(ids["job"]))',
        "(), reason, ())",
        ("tests/proof/test_killed_clock.py",),
    ),
)
