CREATE TABLE time_off (
    tenant_id   uuid    NOT NULL,
    time_off_id uuid    NOT NULL,
    seq         bigint  NOT NULL,
    version     integer NOT NULL,
    artist_id   uuid    NOT NULL,
    status      text    NOT NULL,
    details     json    NOT NULL,
    PRIMARY KEY (tenant_id, time_off_id)
) WITH (fillfactor = 80);

CREATE INDEX time_off_by_arrival ON time_off (tenant_id, seq);
CREATE INDEX time_off_by_artist ON time_off (tenant_id, artist_id, seq);

CREATE TABLE conflicts (
    tenant_id   uuid        NOT NULL,
    booking_id  uuid        NOT NULL,
    time_off_id uuid        NOT NULL,
    seq         bigint      NOT NULL,
    artist_id   uuid        NOT NULL,
    found_at    timestamptz NOT NULL,
    spans       json        NOT NULL,
    PRIMARY KEY (tenant_id, booking_id, time_off_id)
);

ALTER TABLE time_off ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

GRANT SELECT ON time_off TO production_tool_reader;
CREATE POLICY reader ON time_off FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON time_off TO production_tool_projector;
CREATE POLICY projector ON time_off TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));

ALTER TABLE conflicts ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

GRANT SELECT ON conflicts TO production_tool_reader;
CREATE POLICY reader ON conflicts FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON conflicts TO production_tool_projector;
CREATE POLICY projector ON conflicts TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
