CREATE TABLE artist_calendar (
    tenant_id uuid        NOT NULL,
    claim_id  uuid        NOT NULL,
    artist_id uuid        NOT NULL,
    kind      text        NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at   timestamptz NOT NULL,
    ends_by   timestamptz,
    claim     json        NOT NULL,
    PRIMARY KEY (tenant_id, claim_id)
) WITH (fillfactor = 80);

CREATE INDEX artist_calendar_by_time ON artist_calendar (tenant_id, artist_id, ends_at);

ALTER TABLE artist_calendar ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

GRANT SELECT ON artist_calendar TO production_tool_reader;
CREATE POLICY reader ON artist_calendar FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON artist_calendar TO production_tool_projector;
CREATE POLICY projector ON artist_calendar TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
