CREATE TABLE activity (
    tenant_id   uuid        NOT NULL,
    seq         bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor       text        NOT NULL,
    what        text        NOT NULL,
    category    text        NOT NULL,
    subject_id  uuid        NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);
CREATE INDEX activity_by_actor ON activity (tenant_id, actor, seq);

ALTER TABLE activity ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

GRANT SELECT ON activity TO production_tool_reader;
CREATE POLICY reader ON activity FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON activity TO production_tool_projector;
CREATE POLICY projector ON activity TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
