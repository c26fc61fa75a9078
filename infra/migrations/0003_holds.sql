CREATE TABLE holds (
    tenant_id  uuid    NOT NULL,
    hold_id    uuid    NOT NULL,
    seq        bigint  NOT NULL,
    version    integer NOT NULL,
    artist_id  uuid    NOT NULL,
    project_id uuid    NOT NULL,
    status     text    NOT NULL,
    starts_at  timestamptz,
    ends_at    timestamptz,
    details    json    NOT NULL,
    PRIMARY KEY (tenant_id, hold_id)
) WITH (fillfactor = 80);

-- Lists are in order of arrival: of a tenant, of an artist, of a project.
CREATE INDEX holds_by_arrival ON holds (tenant_id, seq);
CREATE INDEX holds_by_artist ON holds (tenant_id, artist_id, seq);
CREATE INDEX holds_by_project ON holds (tenant_id, project_id, seq);

ALTER TABLE holds ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

GRANT SELECT ON holds TO production_tool_reader;
CREATE POLICY reader ON holds FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON holds TO production_tool_projector;
CREATE POLICY projector ON holds TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
