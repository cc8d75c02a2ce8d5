-- The application speaks as cishan_app, which owns nothing. Roles belong to the whole cluster, so another
-- database of it may have made them already, or be making them at this moment.
DO $$
BEGIN
    CREATE ROLE cishan_app NOLOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
END;
$$;

DO $$
BEGIN
    EXECUTE format('GRANT cishan_app TO %I', current_user);
EXCEPTION
    WHEN OTHERS THEN
        -- A superuser needs no membership, and two databases may be granting at once.
        IF NOT pg_has_role(current_user, 'cishan_app', 'MEMBER') THEN RAISE; END IF;
END;
$$;

GRANT USAGE ON SCHEMA public TO cishan_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO cishan_app;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO cishan_app;
GRANT SELECT ON migration TO cishan_app;
