"""Read models in Redis."""

from tests.proof.mutants.mutant import Mutant

REDIS = "tests/infra/test_redis_store.py"
DASHBOARD = "tests/read_api/test_dashboard.py"

MUTANTS = (
    Mutant(
        "the script in Redis does not look where it is",
        "infra/redis_script.py",
        "if (stored[1] or '0') ~= move[1] or (stored[2] or '') ~= move[2] then return 0 end",
        "",
        (REDIS,),
    ),
    Mutant(
        "the position in Redis is written behind the script",
        "infra/redis_store.py",
        '        written = await self._send(moves)\n        self._failpoint("redis.after_script")\n',
        "        written = await self._send({t: [m._replace(to=m.was) for m in some] for t, some in moves.items()})\n"
        '        self._failpoint("redis.after_script")\n'
        "        for tenant, move in ((t, m) for t, some in moves.items() for m in some):\n"
        "            name = key_of(tenant, move.projection, POSITION)\n"
        "            await self._client.hset(name, mapping={**move.to._asdict(), 'whole_at': move.whole_at})\n",
        (REDIS,),
    ),
    Mutant(
        "a projector does not see that parked events were applied meanwhile",
        "infra/redis_script.py",
        "if (stored[3] or '') ~= move[3] or (stored[4] or '0') ~= move[4] then return 0 end",
        "if (stored[3] or '') ~= move[3] then return 0 end",
        (REDIS,),
    ),
    Mutant(
        "rows of a place where a read model is no more are believed",
        "infra/redis_kept.py",
        "return known.rows.get(table, {}) if known and known.place == at else {}",
        "return known.rows.get(table, {}) if known else {}",
        ("tests/infra/test_redis_kept.py",),
    ),
    Mutant(
        "a read model in Redis is written while it is being switched",
        "infra/redis_script.py",
        "if stored[5] and tonumber(stored[5]) > tonumber(redis.call('TIME')[1]) then return 2 end",
        "",
        (REDIS,),
    ),
    Mutant(
        "an edition in Redis is switched wherever it is",
        "infra/redis_copy.py",
        "if not here[1] or here[1] ~= there[1] or here[2] ~= there[2] then return 0 end",
        "",
        ("tests/flow/test_rebuild_keys.py",),
    ),
    Mutant(
        "an edition in Redis is read before it is whole",
        "infra/redis_copy.py",
        '            await self.client.hset(self._run, mapping={"code": self.code, "edition": self.edition})\n',
        '            await self.client.hset(self._run, mapping={"code": self.code, "edition": self.edition})\n'
        "            for tenant in await self._heads():\n"
        '                await self.client.hset(self._key(tenant, POSITION), "edition", self.edition)\n',
        ("tests/flow/test_rebuild_keys.py",),
    ),
    Mutant(
        "a Redis of another life of the log is believed",
        "infra/redis_store.py",
        "if not (place.incarnation == heads[model[0]].incarnation and place.seq",
        "if not (place.seq",
        (REDIS,),
    ),
    Mutant(
        "the tenant is missing from the keys in Redis",
        "infra/redis_keys.py",
        'f"pt:{{{tenant_id}}}:{projection}:{edition}" if edition else f"pt:{{{tenant_id}}}:{projection}"',
        'f"pt:{{all}}:{projection}:{edition}" if edition else f"pt:{{all}}:{projection}"',
        (DASHBOARD,),
    ),
    Mutant(
        "the tenant is missing from what is asked together",
        "read_api/tenant.py",
        "self.reads.together.ask((self.who.tenant_id, question, *of), look)",
        "self.reads.together.ask((question, *of), look)",
        (DASHBOARD,),
    ),
    Mutant(
        "a clock that has run out unrecorded still counts",
        "read_api/dashboard_in_redis.py",
        "        alive = worst_ranks(holds, now)\n",
        "        alive = worst_ranks(holds)\n",
        (DASHBOARD,),
    ),
)
