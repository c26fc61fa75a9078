-- The event log: one gapless sequence of immutable events per tenant.
--
-- Three roles that own nothing and cannot log in; each connection takes one of them with SET ROLE.
-- Roles belong to the whole server: another database, or its administrator, may have made them already.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY[
        'production_tool_reader', 'production_tool_log_writer', 'production_tool_projector'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
        IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
            BEGIN
                EXECUTE format('GRANT %I TO %I', role_name, current_user);
            EXCEPTION WHEN insufficient_privilege THEN
                NULL; -- the administrator's to grant; who cannot SET ROLE is told so at the start
            END;
        END IF;
    END LOOP;
END
$$;

-- Where each tenant's log ends. Locking this row is what orders a tenant's commands.
CREATE TABLE heads (
    tenant_id   uuid        NOT NULL PRIMARY KEY,
    seq         bigint      NOT NULL DEFAULT 0,
    hash        bytea       NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
    recorded_at timestamptz NOT NULL DEFAULT to_timestamp(0),
    incarnation uuid        NOT NULL DEFAULT gen_random_uuid()
) WITH (fillfactor = 50);

CREATE TABLE events (
    tenant_id      uuid        NOT NULL,
    seq            bigint      NOT NULL,
    stream         text        NOT NULL,
    version        integer     NOT NULL,
    event_id       uuid        NOT NULL,
    event_type     text        NOT NULL,
    data           json        NOT NULL,
    recorded_at    timestamptz NOT NULL,
    actor          text        NOT NULL,
    correlation_id text        NOT NULL,
    causation_id   text,
    hash           bytea       NOT NULL,
    PRIMARY KEY (tenant_id, seq),
    UNIQUE (tenant_id, stream, version)
);

-- What became of each command, written with its events.
CREATE TABLE idempotency (
    tenant_id   uuid        NOT NULL,
    key         text        NOT NULL,
    fingerprint bytea       NOT NULL,
    version     integer     NOT NULL,
    seq         bigint      NOT NULL,
    body        text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, key)
);

CREATE FUNCTION refuse_to_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON idempotency
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_rewrite();

ALTER TABLE heads       ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE events      ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- A reader sees the one tenant that its transaction has named.
GRANT SELECT ON heads, events TO production_tool_reader;
CREATE POLICY reader ON heads FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);
CREATE POLICY reader ON events FOR SELECT TO production_tool_reader
    USING (tenant_id = nullif(current_setting('app.tenant', true), '')::uuid);

-- The append writes the commands of several tenants in one transaction, and names them all.
GRANT SELECT, INSERT, UPDATE ON heads TO production_tool_log_writer;
GRANT SELECT, INSERT ON events, idempotency TO production_tool_log_writer;
CREATE POLICY log_writer ON heads TO production_tool_log_writer
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
CREATE POLICY log_writer ON events TO production_tool_log_writer
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
CREATE POLICY log_writer ON idempotency TO production_tool_log_writer
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));

-- A projector follows every tenant's head, and reads the events of the tenants that it names.
GRANT SELECT ON heads, events TO production_tool_projector;
CREATE POLICY projector ON heads FOR SELECT TO production_tool_projector USING (true);
CREATE POLICY projector ON events FOR SELECT TO production_tool_projector
    USING (tenant_id IN (SELECT unnest(nullif(current_setting('app.tenants', true), '')::uuid[])));
