CREATE TABLE bookings (
    tenant_id  uuid    NOT NULL,
    booking_id uuid    NOT NULL,
    seq        bigint  NOT NULL,
    version    integer NOT NULL,
    artist_id  uuid    NOT NULL,
    project_id uuid    NOT NULL,
    job_id     uuid,
    status     text    NOT NULL,
    starts_at  timestamptz,
    ends_at    timestamptz,
    days       integer NOT NULL,
    minutes    integer NOT NULL,
    details    json    NOT NULL,
    PRIMARY KEY (tenant_id, booking_id)
) WITH (fillfactor = 80);

-- Lists are in order of arrival: of a tenant, of an artist, of a project, of a job.
CREATE INDEX bookings_by_arrival ON bookings (tenant_id, seq);
CREATE INDEX bookings_by_artist ON bookings (tenant_id, artist_id, seq);
CREATE INDEX bookings_by_project ON bookings (tenant_id, project_id, seq);
CREATE INDEX bookings_by_job ON bookings (tenant_id, job_id, seq) WHERE job_id IS NOT NULL;

ALTER TABLE bookings ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

GRANT SELECT ON bookings TO production_tool_reader;
CREATE POLICY reader ON bookings FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON bookings TO production_tool_projector;
CREATE POLICY projector ON bookings TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
