-- A state that changes without a word in the history is not committed.
-- `audit.watch` puts the guard on one state column; every migration that makes such a column calls it. The guard
-- looks when the transaction ends (or its savepoint), so that state and history may be written in either order.
-- `p_born` are the states in which a row may begin without a word: the row itself says when it began.
DO $$ BEGIN
  IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('GRANT audit_owner TO %I', current_user);
  END IF;
END $$;
SET LOCAL ROLE audit_owner;
CREATE FUNCTION audit.watch(p_table regclass, p_column name, p_kind text, p_born text[] DEFAULT '{}') RETURNS void
LANGUAGE plpgsql AS $watch$
DECLARE
  v_table text := (SELECT relname FROM pg_catalog.pg_class WHERE oid = p_table);
  v_name text := left(v_table || '_' || p_column, 47) || '_keeps_history';
BEGIN
  EXECUTE format($f$
    CREATE FUNCTION public.%1$I() RETURNS trigger LANGUAGE plpgsql AS $body$
    DECLARE v_before text := '';
    BEGIN
      IF TG_OP = 'UPDATE' THEN v_before := OLD.%2$I; END IF;
      IF NOT EXISTS (SELECT FROM audit.transition AS t
                      WHERE t.subject_kind = %3$L AND t.subject_id = NEW.id::text
                        AND t.from_state = v_before AND t.to_state = NEW.%2$I::text
                        AND t.txid = pg_current_xact_id()::text::bigint) THEN
        RAISE EXCEPTION '%% %% went from "%%" to "%%" without a word in the history', %3$L, NEW.id, v_before, NEW.%2$I
          USING ERRCODE = 'AU001';
      END IF;
      RETURN NULL;
    END $body$ $f$, v_name, p_column, p_kind);
  EXECUTE format('CREATE CONSTRAINT TRIGGER %I AFTER UPDATE ON %s DEFERRABLE INITIALLY DEFERRED
                  FOR EACH ROW WHEN (OLD.%I IS DISTINCT FROM NEW.%I) EXECUTE FUNCTION public.%I()',
                 v_name, p_table, p_column, p_column, v_name);
  EXECUTE format('CREATE CONSTRAINT TRIGGER %I AFTER INSERT ON %s DEFERRABLE INITIALLY DEFERRED
                  FOR EACH ROW WHEN (NEW.%I <> ALL (%L::text[])) EXECUTE FUNCTION public.%I()',
                 v_name || '_new', p_table, p_column, p_born, v_name);
END $watch$;
REVOKE ALL ON FUNCTION audit.watch FROM PUBLIC;
DO $$ BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA audit TO %I', session_user);
  EXECUTE format('GRANT SELECT ON audit.transition TO %I', session_user);
  EXECUTE format('GRANT EXECUTE ON FUNCTION audit.watch TO %I', session_user);
END $$;
RESET ROLE;
DO $$ BEGIN
  IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('REVOKE audit_owner FROM %I', current_user);
  END IF;
END $$;

SELECT audit.watch('donation', 'status', 'donation', '{awaiting_payment}');
SELECT audit.watch('donation', 'message_state', 'gift_message', '{none,pending,shown}');
SELECT audit.watch('monthly_plan', 'status', 'monthly_plan', '{pending}');
SELECT audit.watch('refund_request', 'status', 'refund');
SELECT audit.watch('campaign', 'state', 'campaign', '{draft}');
