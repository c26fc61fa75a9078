"""Read models in Postgres: positions, parking, rebuilds."""

from tests.proof.mutants.mutant import Mutant

PARKING = "tests/consumers/test_parking.py"
PROJECTOR = "tests/consumers/test_projector.py"

MUTANTS = (
    Mutant(
        "a position is committed before its rows",
        "consumers/postgres_store.py",
        "                        folded = folding.fold(work, found, poison, standing)\n",
        '                        await connection.execute("COMMIT")\n'
        '                        await connection.execute("BEGIN")\n'
        "                        await _name(connection, {step.tenant_id for step in steps})\n"
        "                        folded = folding.fold(work, found, poison, standing)\n",
        (PROJECTOR,),
    ),
    Mutant(
        "the rows of a log that is read on are taken for new",
        "consumers/folding.py",
        "if step.was == 0}\n",
        "if step.was >= 0}\n",
        (PROJECTOR,),
    ),
    Mutant(
        "rows are committed and their position is not",
        "consumers/postgres_store.py",
        "    await positions.advance(fence, steps)\n",
        '    await fence.execute("SELECT generate_series(1, %s)", [len(steps)])\n',
        (PROJECTOR,),
    ),
    Mutant(
        "a projector that another has overtaken writes",
        "consumers/positions.py",
        "    if cursor.rowcount != len(steps):\n",
        "    if cursor.rowcount > len(steps):\n",
        (PROJECTOR,),
    ),
    Mutant(
        "an event is applied that is not the next one",
        "consumers/positions.py",
        "        if seq != at + 1:\n",
        "        if seq == at:\n",
        ("tests/consumers/test_positions.py",),
    ),
    Mutant(
        "an event that cannot be applied is skipped",
        "consumers/folding.py",
        "        raise _CannotBeApplied(projection, recorded, said(error)) from error\n",
        "        del error\n",
        (PARKING,),
    ),
    Mutant(
        "what is of a parked event's stream goes on",
        "consumers/parking.py",
        "        ahead = self._streams.get((recorded.tenant_id, recorded.stream))\n",
        "        ahead = None\n",
        (PARKING,),
    ),
    Mutant(
        "what touches a parked event's rows goes on",
        "consumers/parking.py",
        "next((self._rows[row] for row in touched if row in self._rows), None)",
        "None",
        (PARKING,),
    ),
    Mutant(
        "a list is shown though something of it is parked",
        "read_api/tenant.py",
        "                opened.vouch_for(*parked)\n",
        "                pass\n",
        ("tests/flow/test_parked.py",),
    ),
    Mutant(
        "a projector that falls asleep keeps its locks",
        "consumers/postgres_store.py",
        "                        await pipeline.sync()\n",
        "",
        ("tests/proof/test_failing_projector.py",),
    ),
    Mutant(
        "a read shows more than one moment",
        "infra/postgres.py",
        "psycopg.IsolationLevel.REPEATABLE_READ",
        "psycopg.IsolationLevel.READ_COMMITTED",
        ("tests/read_api/test_tenant.py",),
    ),
    Mutant(
        "a read model whose rows differ in a byte is taken for the same",
        "consumers/postgres_copy.py",
        " OR old *<> new\n",
        "\n",
        ("tests/flow/test_rebuild.py",),
    ),
    Mutant(
        "a rebuilt read model is switched to before it is whole",
        "consumers/rebuild.py",
        "            async for _ in _fill(copy, history, after, switch.live):\n                pass\n",
        "",
        ("tests/flow/test_rebuild.py",),
    ),
    Mutant(
        "what nobody is about is passed over without being counted",
        "infra/log_feed.py",
        "            found = (await counted.fetchall())[0][0] if self._passes_over else len(rows)\n",
        "            found = sum(want.until - want.after for want in wanted)\n",
        ("tests/consumers/test_log_feed.py::test_what_is_passed_over_is_given_by_its_place_alone_and_has_to_be_there",),
    ),
)
