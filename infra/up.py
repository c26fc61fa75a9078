"""`production-tool up`: the whole product on this machine, in parts that live and die together."""

import asyncio
import sys
from contextlib import suppress
from typing import Final
from uuid import uuid4

import httpx
import typer

from infra.address import free_port, http_url
from infra.built_in_issuer import make_token
from infra.cannot_run import CannotRun
from infra.demo import make_demo
from infra.parts import Part, run_together
from infra.settings import Settings

TENANT: Final = "demo"
_POLICY: Final = {"preset": "motion-24h", "name": "demo"}
_TOOL: Final = (sys.executable, "-P", "-m", "infra.cli")
"""`-P`: whatever lies in the directory that we were called from is not ours."""
_PAUSE: Final = 0.05


def run_all(settings: Settings, url: str, redis_url: str | None) -> None:
    """Run the API and the projector on the migrated database `url`; returns after Ctrl-C, when both have ended.

    Raises:
        CannotRun: the demo tenant cannot be made, or a part has ended by itself.
        KeyUnusable: tokens cannot be made.
    """
    port = settings.port or free_port(settings.host)
    parts: tuple[Part, ...] = (
        Part("API", (*_TOOL, "api", "--host", settings.host, "--port", str(port), "--with-parent")),
        Part("projector", (*_TOOL, "project", "--with-parent")),
        Part("clock", (*_TOOL, "clock", "--with-parent")),
    )
    if settings.kafka_bootstrap_servers is not None:
        parts = (*parts, Part("relay", (*_TOOL, "relay", "--with-parent")))
    environment = {
        "DATABASE_URL": url,
        "REDIS_URL": redis_url or "",
        "PRODUCTION_TOOL_DATA": str(settings.data.resolve()),
        "PRODUCTION_TOOL_BUILT_IN_ISSUER": "true",
        "PRODUCTION_TOOL_DRAIN_SECONDS": "0",  # no load balancer is there to notice anything
        # What is printed is for people; nobody asked for lines about a server that started.
        "PRODUCTION_TOOL_LOG_LEVEL": settings.log_level if "log_level" in settings.model_fields_set else "warning",
    }
    token = make_token(settings.data, tenant=TENANT, role="admin")

    async def started() -> None:
        address = http_url(settings.host, port)
        await _make_tenant(address, token)
        _greet(address, token)

    asyncio.run(run_together(parts, environment=environment, started=started))


async def _make_tenant(address: str, token: str) -> None:
    """Wait until the API answers, and see to it that the tenant has a policy and the demo; what it has stays."""
    # No proxy of the environment's lies between this machine and itself.
    async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
        await _ready(http)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid4().hex, "If-Match": '"0"'}
        answer = await http.put("/v1/policy", json=_POLICY, headers=headers)
        if not answer.is_success and answer.json()["code"] != "version_conflict":
            raise CannotRun(f"the tenant {TENANT} cannot be made: {answer.text}")
        await make_demo(http, token)


async def _ready(http: httpx.AsyncClient) -> None:
    while True:
        with suppress(httpx.TransportError):
            if (await http.get("/readyz")).is_success:
                return
        await asyncio.sleep(_PAUSE)


def _greet(address: str, token: str) -> None:
    typer.echo(f"board {address}/board/sign-in#token={token}")
    typer.echo(f"API   {address}")
    typer.echo(f"docs  {address}/docs")
    typer.echo(f"\nA token of the tenant {TENANT}, role admin, good for a day:\n{token}")
    typer.echo(f"\nTo see the tenant's log so far:\ncurl -H 'Authorization: Bearer {token}' {address}/v1/events")
    typer.echo("\nCtrl-C ends it all.")
