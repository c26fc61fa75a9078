CREATE TABLE artists (
    tenant_id uuid    NOT NULL,
    artist_id uuid    NOT NULL,
    seq       bigint  NOT NULL,
    version   integer NOT NULL,
    name      text    NOT NULL,
    time_zone text    NOT NULL,
    subject   text,
    email     text,
    skills    json   NOT NULL,
    day_rate  json,
    consent   text    NOT NULL,
    PRIMARY KEY (tenant_id, artist_id)
);
CREATE INDEX artists_by_arrival ON artists (tenant_id, seq);

CREATE TABLE projects (
    tenant_id  uuid    NOT NULL,
    project_id uuid    NOT NULL,
    seq        bigint  NOT NULL,
    version    integer NOT NULL,
    name       text    NOT NULL,
    time_zone  text    NOT NULL,
    first_day  date,
    last_day   date,
    budget     json,
    status     text    NOT NULL,
    PRIMARY KEY (tenant_id, project_id)
);
CREATE INDEX projects_by_arrival ON projects (tenant_id, seq);

ALTER TABLE artists  ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE projects ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

GRANT SELECT ON artists, projects TO production_tool_reader;
CREATE POLICY reader ON artists FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
CREATE POLICY reader ON projects FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON artists, projects TO production_tool_projector;
CREATE POLICY projector ON artists TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
CREATE POLICY projector ON projects TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
