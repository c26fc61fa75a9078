"""The OpenAPI document is true: schemathesis asks the real API, as two tenants, all that it allows and much else."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import pytest

from tests.proof.service import Service, running

pytestmark = pytest.mark.anyio

EXAMPLES = os.environ.get("PROOF_EXAMPLES")
"""For each operation, in each phase. Without it, the short form, which leaves out the phase of thousands of cases."""
PHASES = "examples,fuzzing,stateful" if EXAMPLES is None else "examples,coverage,fuzzing,stateful"
SEED = os.environ.get("PROOF_SEED", "1")

CONFIGURATION = """\
hooks = "{hooks}"
generation.allow-x00 = false  # no text can hold it, as docs/api.md says; tests/commands/test_api.py sends it

[[operations]]
include-path = "/v1/live"
request-timeout = 1.0  # how long it listens to each stream
phases.coverage.enabled = false

[auth.wfc]
path = "{auth}"
peers = ["acme", "globex"]
"""


@pytest.mark.parametrize("postgres_url", [pytest.param(None, id="embedded")], indirect=True)  # each takes half a minute
async def test_nothing_is_found_by_any_check_and_no_tenant_sees_another(
    database: str, data: Path, tmp_path: Path
) -> None:
    configuration, auth = tmp_path / "schemathesis.toml", tmp_path / "auth.json"
    configuration.write_text(CONFIGURATION.format(hooks=Path(__file__).with_name("hooks.py"), auth=auth))
    async with running(database, data) as service:
        auth.write_text(json.dumps({"auth": [_tenant(service, name) for name in ("acme", "globex")]}))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", configuration, "run"),
            *(f"{service.url}/openapi.json", "--checks=all", f"--max-examples={EXAMPLES or 5}", f"--seed={SEED}"),
            *(f"--phases={PHASES}", "--generation-database=none", "--no-color"),
            stdout=PIPE,
            stderr=STDOUT,
            cwd=Path(__file__).parents[2],
        )
        said, _ = await process.communicate()
    print(said.decode().rpartition("= SUMMARY =")[2])  # noqa: T201 - a campaign's figures are its result
    assert process.returncode == 0, said.decode()


def _tenant(service: Service, name: str) -> dict[str, object]:
    header = {"name": "Authorization", "value": f"Bearer {service.token(name, 'admin')}"}
    return {"name": name, "fixedHeaders": [header]}
