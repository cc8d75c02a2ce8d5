-- History that is only ever added to: every transition of every thing, every read of a sensitive file.
-- Rows get their digest when they are written and their place in the chain when they are sealed, so that writers
-- never wait for each other; what is not committed when a block is made comes into a later one.
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'audit_owner') THEN CREATE ROLE audit_owner NOLOGIN; END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;  -- another database of this cluster was quicker
END $$;
DO $$ BEGIN
  IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('GRANT audit_owner TO %I', current_user);
  END IF;
END $$;
CREATE SCHEMA audit AUTHORIZATION audit_owner;
REVOKE ALL ON SCHEMA audit FROM PUBLIC;
SET LOCAL ROLE audit_owner;

CREATE TABLE audit.transition (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  subject_kind text NOT NULL CHECK (subject_kind ~ '^[a-z][a-z_]{0,39}$'),
  subject_id text NOT NULL CHECK (length(subject_id) BETWEEN 1 AND 80),
  event text NOT NULL CHECK (length(event) BETWEEN 1 AND 60),
  from_state text NOT NULL CHECK (length(from_state) <= 40),
  to_state text NOT NULL CHECK (length(to_state) BETWEEN 1 AND 40),
  actor text NOT NULL CHECK (length(actor) BETWEEN 1 AND 80),
  acting_role text NOT NULL CHECK (length(acting_role) <= 60),
  reason text NOT NULL CHECK (length(reason) <= 2000),
  evidence jsonb NOT NULL CHECK (jsonb_typeof(evidence) = 'array'),
  request_id text NOT NULL CHECK (length(request_id) <= 40),
  recorded_at timestamptz NOT NULL,
  txid bigint NOT NULL,
  digest bytea NOT NULL CHECK (octet_length(digest) = 32)
);
CREATE INDEX transition_of_subject ON audit.transition (subject_kind, subject_id, id);
CREATE INDEX transition_by_txid ON audit.transition (txid);

CREATE TABLE audit.sensitive_read (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL,
  subject_kind text NOT NULL CHECK (subject_kind ~ '^[a-z][a-z_]{0,39}$'),
  subject_id text NOT NULL CHECK (length(subject_id) BETWEEN 1 AND 80),
  fields jsonb NOT NULL CHECK (jsonb_typeof(fields) = 'array'),
  reader text NOT NULL CHECK (length(reader) BETWEEN 1 AND 80),
  acting_role text NOT NULL CHECK (length(acting_role) <= 60),
  purpose text NOT NULL CHECK (length(purpose) BETWEEN 1 AND 500),
  request_id text NOT NULL CHECK (length(request_id) <= 40),
  recorded_at timestamptz NOT NULL,
  txid bigint NOT NULL,
  digest bytea NOT NULL CHECK (octet_length(digest) = 32)
);
CREATE INDEX read_of_subject ON audit.sensitive_read (subject_kind, subject_id, id);
CREATE INDEX read_by_txid ON audit.sensitive_read (txid);

CREATE TABLE audit.block (
  no bigint PRIMARY KEY CHECK (no > 0),
  first_seq bigint NOT NULL UNIQUE,
  n int NOT NULL CHECK (n > 0),
  prev bytea NOT NULL,
  hash bytea NOT NULL,
  horizon bigint NOT NULL,
  sealed_at timestamptz NOT NULL
);
CREATE TABLE audit.seal (
  seq bigint PRIMARY KEY CHECK (seq > 0),
  kind text NOT NULL CHECK (kind IN ('transition', 'sensitive_read')),
  row_id bigint NOT NULL,
  block_no bigint NOT NULL REFERENCES audit.block,
  hash bytea NOT NULL,
  UNIQUE (kind, row_id)
);
CREATE INDEX seal_by_block ON audit.seal (block_no);

CREATE FUNCTION audit.micros(p timestamptz) RETURNS bigint LANGUAGE sql STABLE
AS $$ SELECT (extract(epoch FROM p) * 1000000)::bigint $$;

CREATE FUNCTION audit.digest(r audit.transition) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(convert_to(jsonb_build_array('transition', r.id, audit.micros(r.at), r.subject_kind, r.subject_id, r.event,
    r.from_state, r.to_state, r.actor, r.acting_role, r.reason, r.evidence, r.request_id,
    audit.micros(r.recorded_at), r.txid)::text, 'UTF8'))
$$;
CREATE FUNCTION audit.digest(r audit.sensitive_read) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(convert_to(jsonb_build_array('sensitive_read', r.id, audit.micros(r.at), r.subject_kind, r.subject_id,
    r.fields, r.reader, r.acting_role, r.purpose, r.request_id,
    audit.micros(r.recorded_at), r.txid)::text, 'UTF8'))
$$;

-- When and in which transaction a row was written is not for the writer to say.
CREATE FUNCTION audit.stamp_transition() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, audit AS $$
DECLARE r audit.transition;
BEGIN
  r := NEW;
  r.recorded_at := clock_timestamp();
  r.txid := pg_current_xact_id()::text::bigint;
  r.digest := audit.digest(r);
  RETURN r;
END $$;
CREATE FUNCTION audit.stamp_read() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, audit AS $$
DECLARE r audit.sensitive_read;
BEGIN
  r := NEW;
  r.recorded_at := clock_timestamp();
  r.txid := pg_current_xact_id()::text::bigint;
  r.digest := audit.digest(r);
  RETURN r;
END $$;
CREATE FUNCTION audit.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on audit.% is refused: history is append-only', TG_OP, TG_TABLE_NAME USING ERRCODE = 'AU000';
END $$;

CREATE TRIGGER stamp BEFORE INSERT ON audit.transition FOR EACH ROW EXECUTE FUNCTION audit.stamp_transition();
CREATE TRIGGER stamp BEFORE INSERT ON audit.sensitive_read FOR EACH ROW EXECUTE FUNCTION audit.stamp_read();
ALTER TABLE audit.transition ENABLE ALWAYS TRIGGER stamp;
ALTER TABLE audit.sensitive_read ENABLE ALWAYS TRIGGER stamp;
DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['transition', 'sensitive_read', 'block', 'seal'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit.%I
                    FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse()', name);
    EXECUTE format('ALTER TABLE audit.%I ENABLE ALWAYS TRIGGER append_only', name);
  END LOOP;
END $$;

CREATE FUNCTION audit.record(p_rows jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, audit AS $$
  INSERT INTO audit.transition (at, subject_kind, subject_id, event, from_state, to_state, actor, acting_role, reason,
                                evidence, request_id)
  SELECT at, subject_kind, subject_id, event, from_state, to_state, actor, acting_role, reason, evidence, request_id
    FROM jsonb_to_recordset(p_rows) AS r (at timestamptz, subject_kind text, subject_id text, event text, from_state text,
         to_state text, actor text, acting_role text, reason text, evidence jsonb, request_id text)
$$;
CREATE FUNCTION audit.record_read(p_rows jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, audit AS $$
  INSERT INTO audit.sensitive_read (at, subject_kind, subject_id, fields, reader, acting_role, purpose, request_id)
  SELECT at, subject_kind, subject_id, fields, reader, acting_role, purpose, request_id
    FROM jsonb_to_recordset(p_rows) AS r (at timestamptz, subject_kind text, subject_id text, fields jsonb, reader text,
         acting_role text, purpose text, request_id text)
$$;

-- One block of what is committed and not sealed yet. A transaction that was open at the last block had a txid not
-- below that block's horizon, so its rows are found however late they come.
CREATE FUNCTION audit.seal_block(p_limit int, OUT no bigint, OUT first_seq bigint, OUT n int, OUT hash bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, audit AS $$
DECLARE
  last audit.block;
  v_from bigint;
  v_horizon bigint;
  r record;
  kinds text[] := '{}';
  row_ids bigint[] := '{}';
  hashes bytea[] := '{}';
BEGIN
  PERFORM pg_advisory_xact_lock(4804, 0);
  SELECT * INTO last FROM audit.block AS b ORDER BY b.no DESC LIMIT 1;
  v_horizon := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
  v_from := coalesce(last.horizon, 0);
  IF v_from > v_horizon THEN v_from := 0; END IF;  -- restored into another cluster
  hash := coalesce(last.hash, '');
  FOR r IN
    SELECT w.kind, w.id, w.digest FROM (
      SELECT 'transition' AS kind, t.id, t.digest, t.recorded_at FROM audit.transition AS t
       WHERE t.txid >= v_from AND NOT EXISTS (SELECT FROM audit.seal AS s WHERE s.kind = 'transition' AND s.row_id = t.id)
      UNION ALL
      SELECT 'sensitive_read', t.id, t.digest, t.recorded_at FROM audit.sensitive_read AS t
       WHERE t.txid >= v_from AND NOT EXISTS (SELECT FROM audit.seal AS s WHERE s.kind = 'sensitive_read' AND s.row_id = t.id)
    ) AS w ORDER BY w.recorded_at, w.kind, w.id LIMIT p_limit
  LOOP
    hash := sha256(hash || r.digest);
    kinds := kinds || r.kind;
    row_ids := row_ids || r.id;
    hashes := hashes || hash;
  END LOOP;
  n := cardinality(row_ids);
  IF n = 0 THEN RETURN; END IF;
  no := coalesce(last.no, 0) + 1;
  first_seq := coalesce(last.first_seq + last.n, 1);
  INSERT INTO audit.block (no, first_seq, n, prev, hash, horizon, sealed_at)
  VALUES (no, first_seq, n, coalesce(last.hash, ''), hash, CASE WHEN n < p_limit THEN v_horizon ELSE v_from END, clock_timestamp());
  INSERT INTO audit.seal (seq, kind, row_id, block_no, hash)
  SELECT seal_block.first_seq + t.i - 1, t.kind, t.id, seal_block.no, t.hash
    FROM unnest(kinds, row_ids, hashes) WITH ORDINALITY AS t (kind, id, hash, i);
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA audit FROM PUBLIC;
GRANT USAGE ON SCHEMA audit TO cishan_app;
GRANT SELECT ON ALL TABLES IN SCHEMA audit TO cishan_app;
GRANT EXECUTE ON FUNCTION audit.record, audit.record_read, audit.seal_block, audit.micros,
  audit.digest(audit.transition), audit.digest(audit.sensitive_read) TO cishan_app;
RESET ROLE;
DO $$ BEGIN
  IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('REVOKE audit_owner FROM %I', current_user);
  END IF;
END $$;
