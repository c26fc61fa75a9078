"""Tenants and who may: row-level security, tokens, whose key it is."""

from tests.proof.mutants.mutant import Mutant

EVENT_LOG = "tests/infra/test_event_log.py"
ISOLATION = "tests/infra/test_isolation.py"
TOKENS = "tests/infra/test_tokens.py"
SCHEMA = "infra/migrations/0001_event_log.sql"

MUTANTS = (
    Mutant(
        "a key is not its tenant's",
        "infra/command.py",
        "self.key = (context.tenant_id, context.key)",
        'self.key = ("", context.key)',
        (EVENT_LOG,),
    ),
    Mutant(
        "the log writer's policy on events is gone",
        SCHEMA,
        "CREATE POLICY log_writer ON events TO production_tool_log_writer\n"
        "    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));",
        "CREATE POLICY log_writer ON events TO production_tool_log_writer USING (true);",
        (ISOLATION,),
    ),
    Mutant(
        "the reader's policy on events is gone",
        SCHEMA,
        "CREATE POLICY reader ON events FOR SELECT TO production_tool_reader\n"
        "    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);",
        "CREATE POLICY reader ON events FOR SELECT TO production_tool_reader USING (true);",
        (ISOLATION,),
    ),
    Mutant(
        "row-level security is not forced",
        SCHEMA,
        "ALTER TABLE events      ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;",
        "ALTER TABLE events      ENABLE ROW LEVEL SECURITY;",
        (ISOLATION,),
    ),
    Mutant(
        "the tenant is missing from a unique index",
        SCHEMA,
        "UNIQUE (tenant_id, stream, version)",
        "UNIQUE (stream, version)",
        (ISOLATION, EVENT_LOG),
    ),
    Mutant(
        "tenants stay named after the transaction",
        "infra/append.py",
        "SELECT set_config('app.tenants', $1::uuid[]::text, true)",
        "SELECT set_config('app.tenants', $1::uuid[]::text, false)",
        (ISOLATION,),
    ),
    Mutant(
        "the algorithm is taken from the token's header",
        "infra/tokens.py",
        "algorithms=[key.algorithm]",
        'algorithms=[jwt.get_unverified_header(token)["alg"]]',
        (TOKENS,),
    ),
    Mutant(
        "the audience is not checked",
        "infra/tokens.py",
        "            _check_audience(claims, trusted.issuer.audience)\n",
        "",
        (TOKENS,),
    ),
    Mutant(
        "a remembered token never expires",
        "infra/tokens.py",
        "if self._now() >= expires_at",
        "if False",
        (TOKENS,),
    ),
    Mutant(
        "two issuers may speak for one tenant",
        "infra/claims.py",
        "tenant_id(issuer.issuer, tenant)",
        'tenant_id("", tenant)',
        (TOKENS,),
    ),
    Mutant(
        "an artist may act on any calendar",
        "commands/api_route.py",
        "log if who.artist_id is None else OwnCalendar(log, who.artist_id)",
        "log",
        ("tests/commands/test_api.py",),
    ),
    Mutant(
        "the tenant is missing from a read model's key",
        "infra/migrations/0003_holds.sql",
        "PRIMARY KEY (tenant_id, hold_id)",
        "PRIMARY KEY (hold_id)",
        ("tests/projections/test_tables.py",),
    ),
    Mutant(
        "the tenant is missing from a cursor",
        "read_api/listing.py",
        "listed = (route, tenant.who.tenant_id, *asked)",
        "listed = (route, *asked)",
        ("tests/read_api/test_listing.py",),
    ),
)
