-- Events that a read model has left out, because they or what they build upon can never be applied as things are.
CREATE TABLE parked (
    tenant_id  uuid        NOT NULL,
    projection text        NOT NULL,
    seq        bigint      NOT NULL,
    stream     text        NOT NULL,
    event_type text        NOT NULL,
    touched    json        NOT NULL,
    reason     text        NOT NULL,
    parked_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, projection, seq)
);

ALTER TABLE parked ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- A reader asks whether what it is about to show is complete.
GRANT SELECT ON parked TO production_tool_reader;
CREATE POLICY reader ON parked FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

GRANT SELECT, INSERT, DELETE ON parked TO production_tool_projector;
CREATE POLICY projector ON parked TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
