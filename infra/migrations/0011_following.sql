-- Decisions from which something follows on other calendars, in the order in which they were made.
CREATE TABLE decisions (
    tenant_id      uuid   NOT NULL,
    seq            bigint NOT NULL,
    event_id       uuid   NOT NULL,
    type           text   NOT NULL,
    subject_id     uuid   NOT NULL,
    correlation_id text   NOT NULL,
    decided        json   NOT NULL,
    PRIMARY KEY (tenant_id, seq)
);

-- What is in a project and has not ended: its jobs, holds and bookings.
CREATE TABLE project_contents (
    tenant_id  uuid NOT NULL,
    id         uuid NOT NULL,
    project_id uuid NOT NULL,
    kind       text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX project_contents_by_project ON project_contents (tenant_id, project_id);

ALTER TABLE decisions        ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE project_contents ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- Nobody but the process that carries the decisions out has any use for these.
GRANT SELECT, INSERT, UPDATE, DELETE ON decisions, project_contents TO production_tool_projector;
CREATE POLICY projector ON decisions TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
CREATE POLICY projector ON project_contents TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
