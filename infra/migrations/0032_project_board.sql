CREATE TABLE project_board (
    tenant_id  uuid    NOT NULL,
    booking_id uuid    NOT NULL,
    project_id uuid    NOT NULL,
    job_id     uuid,
    days       integer NOT NULL,
    minutes    integer NOT NULL,
    rate       numeric,
    currency   text,
    fees       numeric NOT NULL,
    PRIMARY KEY (tenant_id, booking_id)
) WITH (fillfactor = 80);

CREATE INDEX project_board_by_project ON project_board (tenant_id, project_id);

ALTER TABLE project_board ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

GRANT SELECT ON project_board TO production_tool_reader;
CREATE POLICY reader ON project_board FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON project_board TO production_tool_projector;
CREATE POLICY projector ON project_board TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
