-- The first clock of each hold and each open challenge; overdue once it has run out.
CREATE TABLE overdue (
    tenant_id  uuid        NOT NULL,
    claim_id   uuid        NOT NULL,
    artist_id  uuid        NOT NULL,
    due_at     timestamptz NOT NULL,
    deadline   timestamptz NOT NULL,
    respond_by timestamptz,
    stretch_by timestamptz,
    PRIMARY KEY (tenant_id, claim_id)
) WITH (fillfactor = 80);

-- The clock goes through all tenants in order of time.
CREATE INDEX overdue_by_time ON overdue (due_at, tenant_id, claim_id);

ALTER TABLE overdue ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- The clock sees in every tenant that something falls due, when, and on whose calendar, as it sees every head: ids and
-- instants, nothing that anybody said. What it then records it records as one tenant's command.
GRANT SELECT, INSERT, UPDATE, DELETE ON overdue TO production_tool_projector;
CREATE POLICY clock_sees ON overdue FOR SELECT TO production_tool_projector USING (true);
CREATE POLICY projector ON overdue TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
