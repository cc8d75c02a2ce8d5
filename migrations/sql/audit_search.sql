-- Finding steps by day, by person and by request. What the platform and the payment service do by themselves is
-- most of the history and nobody looks for it so: leaving it out keeps these indexes off the way of gifts.
DO $$ BEGIN
  IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('GRANT audit_owner TO %I', current_user);
  END IF;
END $$;
SET LOCAL ROLE audit_owner;
CREATE INDEX transition_by_day ON audit.transition USING brin (at);
CREATE INDEX transition_by_actor ON audit.transition (actor, id) WHERE actor NOT IN ('stripe', 'system', 'giver');
CREATE INDEX transition_by_request ON audit.transition (request_id, id) WHERE request_id <> '';
CREATE INDEX read_by_reader ON audit.sensitive_read (reader, id);
RESET ROLE;
DO $$ BEGIN
  IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('REVOKE audit_owner FROM %I', current_user);
  END IF;
END $$;
