-- One entry alone is posted by one statement: accounts found, entry and lines written. What that statement does not
-- write - an account is not open yet, the key is there already - is left to books.write_batch, which says why.
-- The guards are the same: statement triggers that see every entry and line, whoever writes them.
DO $$ BEGIN
  IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('GRANT books_owner TO %I', current_user);
  END IF;
END $$;
SET LOCAL books.migrating = on;
SET LOCAL ROLE books_owner;

CREATE OR REPLACE FUNCTION books.post_batch(
  p_kinds text[], p_dates date[], p_sources text[], p_keys text[], p_hashes bytea[], p_memos text[], p_counts smallint[],
  p_gls text[], p_funds text[], p_units text[], p_counterparties text[],
  p_line_entries int[], p_line_numbers smallint[], p_line_accounts int[], p_line_amounts bigint[],
  OUT ids bigint[], OUT fresh boolean[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, books SET plan_cache_mode = force_generic_plan AS $$
DECLARE wrote bigint;
BEGIN
  IF cardinality(p_keys) = 1 THEN
    WITH found AS MATERIALIZED (
      SELECT l.no, l.amount, a.id, a.fund_id, a.unit
        FROM unnest(p_line_numbers, p_line_accounts, p_line_amounts) AS l (no, a, amount)
        JOIN LATERAL (SELECT a.id, a.fund_id, a.unit FROM books.account AS a
         WHERE a.gl_code = p_gls[l.a] AND a.fund_id = (SELECT f.id FROM books.fund AS f WHERE f.code = p_funds[l.a])
           AND a.unit = p_units[l.a] AND a.counterparty = p_counterparties[l.a] OFFSET 0) AS a ON true),
    written AS (
      INSERT INTO books.entry (n_lines, kind, effective_date, source, source_key, request_hash, memo)
      SELECT p_counts[1], p_kinds[1], p_dates[1], p_sources[1], p_keys[1], p_hashes[1], p_memos[1]
       WHERE (SELECT count(*) FROM found) = cardinality(p_line_amounts)
          ON CONFLICT (source, source_key) DO NOTHING
      RETURNING id),
    lines AS (
      INSERT INTO books.line (entry_id, line_no, account_id, fund_id, unit, amount)
      SELECT w.id, f.no, f.id, f.fund_id, f.unit, f.amount FROM written AS w, found AS f)
    SELECT w.id INTO wrote FROM written AS w;
    IF wrote IS NOT NULL THEN
      ids := ARRAY[wrote];
      fresh := ARRAY[true];
      RETURN;
    END IF;
  END IF;
  SELECT w.ids, w.fresh INTO ids, fresh FROM books.write_batch(
    p_kinds, p_dates, p_sources, p_keys, p_hashes, p_memos, '{}', '{}', p_counts,
    p_gls, p_funds, p_units, p_counterparties,
    p_line_entries, p_line_numbers, p_line_accounts, p_line_amounts) AS w;
END $$;
RESET ROLE;

DO $$ BEGIN
  IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('REVOKE books_owner FROM %I', current_user);
  END IF;
END $$;
