-- Where read models are built anew, beside those that are read. It has a table of each name that a read model has here
-- (made by `migrate`, see infra/twins.py), and what says how far each has come: a projector that looks here first finds
-- these instead of the live ones. Nobody reads from here.
CREATE SCHEMA rebuilding;
GRANT USAGE ON SCHEMA rebuilding TO production_tool_projector;

CREATE TABLE rebuilding.positions (LIKE positions INCLUDING ALL);
CREATE TABLE rebuilding.parked (LIKE parked INCLUDING ALL);

-- The code that a read model is being built by: what other code has begun is not gone on with.
CREATE TABLE rebuilding.runs (
    projection text NOT NULL PRIMARY KEY,
    code       text NOT NULL
);

-- Tenants whose turn is over in the run that is under way.
CREATE TABLE rebuilding.switched (
    tenant_id  uuid NOT NULL,
    projection text NOT NULL,
    PRIMARY KEY (tenant_id, projection)
);

ALTER TABLE rebuilding.positions ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE rebuilding.parked    ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE rebuilding.runs      ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE rebuilding.switched  ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

GRANT SELECT, INSERT, UPDATE, DELETE ON rebuilding.positions, rebuilding.runs TO production_tool_projector;
GRANT SELECT, INSERT, DELETE ON rebuilding.parked, rebuilding.switched TO production_tool_projector;
-- Names of read models only.
CREATE POLICY projector ON rebuilding.runs TO production_tool_projector USING (true);
CREATE POLICY projector_sees ON rebuilding.positions FOR SELECT TO production_tool_projector USING (true);
CREATE POLICY projector_sees ON rebuilding.switched FOR SELECT TO production_tool_projector USING (true);
CREATE POLICY projector ON rebuilding.positions TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
CREATE POLICY projector ON rebuilding.parked TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
CREATE POLICY projector ON rebuilding.switched TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])))
    WITH CHECK (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
