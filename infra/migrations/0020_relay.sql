-- Who relays what to Kafka, and how far each tenant's events are known to be there.

-- A relay that lives says so again and again; one that has fallen silent is past `alive_until`.
CREATE TABLE relays (
    relay       uuid        NOT NULL PRIMARY KEY,
    alive_until timestamptz NOT NULL
) WITH (fillfactor = 50);

-- A shard of the tenants and its relay. The epoch rises whenever the shard changes hands: a mark is written under the
-- epoch that its writer was given, so one that was thought dead and comes back moves nothing.
CREATE TABLE relay_shards (
    shard integer NOT NULL PRIMARY KEY,
    epoch bigint  NOT NULL DEFAULT 0,
    relay uuid
);

-- Everything up to `seq` of the log that goes by this incarnation was acknowledged by Kafka.
CREATE TABLE relay_marks (
    tenant_id   uuid   NOT NULL PRIMARY KEY,
    incarnation uuid   NOT NULL,
    seq         bigint NOT NULL
) WITH (fillfactor = 50);

ALTER TABLE relays       ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE relay_shards ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE relay_marks  ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- These two say nothing of any tenant.
GRANT SELECT, INSERT, UPDATE, DELETE ON relays TO production_tool_projector;
GRANT SELECT, INSERT, UPDATE ON relay_shards TO production_tool_projector;
CREATE POLICY projector ON relays TO production_tool_projector USING (true) WITH CHECK (true);
CREATE POLICY projector ON relay_shards TO production_tool_projector USING (true) WITH CHECK (true);

-- A relay sees every tenant's mark, as it sees every head, and moves those of the tenants that it names.
GRANT SELECT, INSERT, UPDATE ON relay_marks TO production_tool_projector;
CREATE POLICY projector_sees ON relay_marks FOR SELECT TO production_tool_projector USING (true);
CREATE POLICY projector ON relay_marks TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
