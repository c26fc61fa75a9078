CREATE TABLE utilisation (
    tenant_id  uuid NOT NULL,
    booking_id uuid NOT NULL,
    artist_id  uuid NOT NULL,
    project_id uuid NOT NULL,
    first_day  date NOT NULL,
    last_day   date NOT NULL,
    work       json NOT NULL,
    PRIMARY KEY (tenant_id, booking_id)
) WITH (fillfactor = 80);

CREATE INDEX utilisation_by_artist ON utilisation (tenant_id, artist_id, last_day);

ALTER TABLE utilisation ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

GRANT SELECT ON utilisation TO production_tool_reader;
CREATE POLICY reader ON utilisation FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON utilisation TO production_tool_projector;
CREATE POLICY projector ON utilisation TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
