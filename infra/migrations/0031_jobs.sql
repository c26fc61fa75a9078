CREATE TABLE jobs (
    tenant_id  uuid    NOT NULL,
    job_id     uuid    NOT NULL,
    seq        bigint  NOT NULL,
    version    integer NOT NULL,
    project_id uuid    NOT NULL,
    role       text    NOT NULL,
    status     text    NOT NULL,
    quantity   integer NOT NULL,
    booked     integer NOT NULL,
    days       integer NOT NULL,
    minutes    integer NOT NULL,
    details    json    NOT NULL,
    PRIMARY KEY (tenant_id, job_id)
) WITH (fillfactor = 80);

CREATE INDEX jobs_by_arrival ON jobs (tenant_id, seq);
CREATE INDEX jobs_by_project ON jobs (tenant_id, project_id, seq);

ALTER TABLE jobs ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

GRANT SELECT ON jobs TO production_tool_reader;
CREATE POLICY reader ON jobs FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON jobs TO production_tool_projector;
CREATE POLICY projector ON jobs TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
