CREATE TABLE challenges (
    tenant_id    uuid    NOT NULL,
    challenge_id uuid    NOT NULL,
    seq          bigint  NOT NULL,
    version      integer NOT NULL,
    artist_id    uuid    NOT NULL,
    hold_id      uuid    NOT NULL,
    project_id   uuid,
    status       text    NOT NULL,
    details      json    NOT NULL,
    PRIMARY KEY (tenant_id, challenge_id)
) WITH (fillfactor = 80);

CREATE INDEX challenges_by_arrival ON challenges (tenant_id, seq);
CREATE INDEX challenges_by_artist ON challenges (tenant_id, artist_id, seq);

ALTER TABLE challenges ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

GRANT SELECT ON challenges TO production_tool_reader;
CREATE POLICY reader ON challenges FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

GRANT SELECT, INSERT, UPDATE, DELETE ON challenges TO production_tool_projector;
CREATE POLICY projector ON challenges TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
