CREATE TABLE feeds (
    tenant_id   uuid        NOT NULL,
    feed_id     uuid        NOT NULL,
    seq         bigint      NOT NULL,
    version     integer     NOT NULL,
    artist_id   uuid,
    project_id  uuid,
    shows       text        NOT NULL,
    name        text,
    secret_hash text        NOT NULL,
    opened_at   timestamptz NOT NULL,
    opened_by   text        NOT NULL,
    revoked_at  timestamptz,
    PRIMARY KEY (tenant_id, feed_id)
);
CREATE INDEX feeds_by_arrival ON feeds (tenant_id, seq);

CREATE TABLE feed_entries (
    tenant_id  uuid NOT NULL,
    claim_id   uuid NOT NULL,
    artist_id  uuid NOT NULL,
    project_id uuid,
    kind       text NOT NULL,
    ends_at    timestamptz,
    claim      json,
    entries    json NOT NULL,
    PRIMARY KEY (tenant_id, claim_id)
) WITH (fillfactor = 80);
CREATE INDEX feed_entries_by_artist ON feed_entries (tenant_id, artist_id, ends_at);
CREATE INDEX feed_entries_by_project ON feed_entries (tenant_id, project_id, ends_at) WHERE project_id IS NOT NULL;

ALTER TABLE feeds        ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE feed_entries ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

GRANT SELECT ON feeds, feed_entries TO production_tool_reader;
CREATE POLICY reader ON feeds FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
CREATE POLICY reader ON feed_entries FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON feeds, feed_entries TO production_tool_projector;
CREATE POLICY projector ON feeds TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
CREATE POLICY projector ON feed_entries TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
