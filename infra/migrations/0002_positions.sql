-- How far each read model has come in each tenant's log; written in the transaction of the rows it speaks of.
CREATE TABLE positions (
    tenant_id  uuid   NOT NULL,
    projection text   NOT NULL,
    seq        bigint NOT NULL,
    PRIMARY KEY (tenant_id, projection)
) WITH (fillfactor = 50);

ALTER TABLE positions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

GRANT SELECT ON positions TO production_tool_reader;
CREATE POLICY reader ON positions FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

-- A projector sees where it is in every tenant, as it sees every head, and moves only in the tenants that it names.
GRANT SELECT, INSERT, UPDATE ON positions TO production_tool_projector;
CREATE POLICY projector_sees ON positions FOR SELECT TO production_tool_projector USING (true);
CREATE POLICY projector ON positions TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
