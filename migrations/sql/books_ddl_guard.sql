-- Only a superuser may create event triggers. Without one the books stand all the same; check-books says so.
CREATE FUNCTION books.refuse_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE name text;
BEGIN
  IF current_setting('books.migrating', true) = 'on' THEN RETURN; END IF;
  IF tg_event = 'sql_drop' THEN
    SELECT object_identity INTO name FROM pg_catalog.pg_event_trigger_dropped_objects() WHERE schema_name = 'books' LIMIT 1;
  ELSE
    SELECT object_identity INTO name FROM pg_catalog.pg_event_trigger_ddl_commands() WHERE schema_name = 'books' LIMIT 1;
  END IF;
  IF FOUND THEN
    RAISE EXCEPTION '% of % is refused outside a migration (SET books.migrating = on)', tg_tag, name USING ERRCODE = 'BK000';
  END IF;
END $$;
ALTER FUNCTION books.refuse_ddl() OWNER TO books_owner;

DO $$ BEGIN
  IF (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    CREATE EVENT TRIGGER books_ddl_guard ON ddl_command_end EXECUTE FUNCTION books.refuse_ddl();
    CREATE EVENT TRIGGER books_drop_guard ON sql_drop EXECUTE FUNCTION books.refuse_ddl();
    ALTER EVENT TRIGGER books_ddl_guard ENABLE ALWAYS;
    ALTER EVENT TRIGGER books_drop_guard ENABLE ALWAYS;
  ELSE
    RAISE WARNING 'no superuser: the event trigger that refuses DDL on books was not created';
    EXECUTE format('REVOKE books_owner, benefits_owner FROM %I', current_user);
  END IF;
END $$;
