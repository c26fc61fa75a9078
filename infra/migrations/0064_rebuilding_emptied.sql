-- A run ends by emptying the tables that it has filled, which leaves nothing to vacuum.

DO $$
DECLARE
    twin regclass;
BEGIN
    FOR twin IN
        SELECT oid
        FROM pg_class
        WHERE relnamespace = 'rebuilding'::regnamespace AND relkind = 'r'
            AND relname NOT IN ('positions', 'parked', 'runs', 'switched')
    LOOP
        EXECUTE format('GRANT TRUNCATE ON %s TO production_tool_projector', twin);
    END LOOP;
END $$;
