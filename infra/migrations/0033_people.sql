CREATE TABLE people (
    tenant_id  uuid        NOT NULL,
    subject    text        NOT NULL,
    seq        bigint      NOT NULL,
    since      timestamptz NOT NULL,
    artist_ids json        NOT NULL,
    PRIMARY KEY (tenant_id, subject)
);
-- One event can be where two people come from: who acts, and the user of the artist that is added.
CREATE INDEX people_by_arrival ON people (tenant_id, seq, subject);

ALTER TABLE people ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

GRANT SELECT ON people TO production_tool_reader;
CREATE POLICY reader ON people FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON people TO production_tool_projector;
CREATE POLICY projector ON people TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
