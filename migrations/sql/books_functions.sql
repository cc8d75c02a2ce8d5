-- The only ways to write. All run as books_owner; who may call which is granted at the end.
-- SQLSTATE BK001 no such fund, BK002 no such heading or unit, BK003 same key with another body,
-- BK004 period closed, BK005 not enough available, BK006 cannot be reversed, BK007 maker is checker.
SET LOCAL ROLE books_owner;

CREATE FUNCTION books.open_fund(
  p_code text, p_name text, p_restriction text, p_opened_on date, p_parent text
) RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, books AS $$
DECLARE known books.fund;
BEGIN
  INSERT INTO books.fund (code, name, restriction, opened_on, parent_code)
  VALUES (p_code, p_name, p_restriction, p_opened_on, p_parent) ON CONFLICT (code) DO NOTHING;
  SELECT * INTO STRICT known FROM books.fund WHERE code = p_code;
  IF known.restriction <> p_restriction OR known.parent_code IS DISTINCT FROM p_parent THEN
    RAISE EXCEPTION 'fund % exists with other terms', p_code USING ERRCODE = 'BK003';
  END IF;
  RETURN known.id;
END $$;

CREATE FUNCTION books.close_fund(p_code text, p_closed_on date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, books AS $$
BEGIN
  UPDATE books.fund SET closed_on = p_closed_on WHERE code = p_code;
  IF NOT FOUND THEN RAISE EXCEPTION 'no fund %', p_code USING ERRCODE = 'BK001'; END IF;
END $$;

CREATE FUNCTION books.open_unit(p_code text, p_kind text, p_scale smallint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, books AS $$
BEGIN
  INSERT INTO books.unit (code, kind, scale) VALUES (p_code, p_kind, p_scale) ON CONFLICT (code) DO NOTHING;
  PERFORM 1 FROM books.unit WHERE code = p_code AND kind = p_kind AND scale = p_scale;
  IF NOT FOUND THEN RAISE EXCEPTION 'unit % exists with other terms', p_code USING ERRCODE = 'BK003'; END IF;
END $$;

CREATE FUNCTION books.open_accounts(p_gls text[], p_funds text[], p_units text[], p_counterparties text[])
RETURNS void LANGUAGE plpgsql AS $$
DECLARE missing text;
BEGIN
  SELECT r.fund INTO missing FROM unnest(p_funds) AS r (fund)
   WHERE NOT EXISTS (SELECT FROM books.fund AS f WHERE f.code = r.fund) LIMIT 1;
  IF FOUND THEN RAISE EXCEPTION 'no fund %', missing USING ERRCODE = 'BK001'; END IF;
  SELECT r.gl || ' / ' || r.unit INTO missing FROM unnest(p_gls, p_units) AS r (gl, unit)
   WHERE NOT EXISTS (SELECT FROM books.gl AS g WHERE g.code = r.gl)
      OR NOT EXISTS (SELECT FROM books.unit AS u WHERE u.code = r.unit) LIMIT 1;
  IF FOUND THEN RAISE EXCEPTION 'no heading or unit %', missing USING ERRCODE = 'BK002'; END IF;
  INSERT INTO books.account (gl_code, kind, fund_id, restriction, unit, counterparty, guard)
  SELECT DISTINCT g.code, g.kind, f.id, f.restriction, r.unit, r.counterparty, g.guard
    FROM unnest(p_gls, p_funds, p_units, p_counterparties) AS r (gl, fund, unit, counterparty)
    JOIN books.gl AS g ON g.code = r.gl
    JOIN books.fund AS f ON f.code = r.fund
   ORDER BY 1, 3, 5, 6
      ON CONFLICT (gl_code, fund_id, unit, counterparty) DO NOTHING;
END $$;

-- Entries come as parallel arrays; lines name their entry and account by position in those arrays.
CREATE FUNCTION books.write_batch(
  p_kinds text[], p_dates date[], p_sources text[], p_keys text[], p_hashes bytea[], p_memos text[],
  p_reverses bigint[], p_approvals bigint[], p_counts smallint[],
  p_gls text[], p_funds text[], p_units text[], p_counterparties text[],
  p_line_entries int[], p_line_numbers smallint[], p_line_accounts int[], p_line_amounts bigint[],
  OUT ids bigint[], OUT fresh boolean[]
) LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$  -- or short arrays are planned anew each time
DECLARE
  account_ids bigint[];
  fund_ids int[];
  n_found int;
  n_written int;
  other text;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(4801, 0);
  FOR attempt IN 1..2 LOOP
    SELECT array_agg(a.id ORDER BY r.i), array_agg(a.fund_id ORDER BY r.i), count(a.id)
      INTO account_ids, fund_ids, n_found
      FROM unnest(p_gls, p_funds, p_units, p_counterparties) WITH ORDINALITY AS r (gl, fund, unit, counterparty, i)
      LEFT JOIN LATERAL (
        SELECT a.id, a.fund_id FROM books.account AS a
         WHERE a.gl_code = r.gl AND a.fund_id = (SELECT f.id FROM books.fund AS f WHERE f.code = r.fund)
           AND a.unit = r.unit AND a.counterparty = r.counterparty OFFSET 0) AS a ON true;
    EXIT WHEN n_found = cardinality(p_gls);
    PERFORM books.open_accounts(p_gls, p_funds, p_units, p_counterparties);
  END LOOP;
  IF cardinality(p_keys) = 1 THEN
    ids := ARRAY[nextval('books.entry_id_seq')];
  ELSE
    SELECT array_agg(nextval('books.entry_id_seq')) INTO ids FROM generate_series(1, cardinality(p_keys));
  END IF;
  WITH written AS (
    INSERT INTO books.entry (id, n_lines, kind, effective_date, source, source_key, request_hash, memo, reverses, approval_id)
    OVERRIDING SYSTEM VALUE
    SELECT ids[e.i], e.n, e.kind, e.day, e.source, e.key, e.hash, e.memo, e.reverses, e.approval
      FROM unnest(p_counts, p_kinds, p_dates, p_sources, p_keys, p_hashes, p_memos, p_reverses, p_approvals)
           WITH ORDINALITY AS e (n, kind, day, source, key, hash, memo, reverses, approval, i)
     ORDER BY e.source COLLATE "C", e.key COLLATE "C"  -- two batches with the same keys meet in one order
        ON CONFLICT (source, source_key) DO NOTHING
    RETURNING id)
  INSERT INTO books.line (entry_id, line_no, account_id, fund_id, unit, amount)
  SELECT w.id, l.no, account_ids[l.a], fund_ids[l.a], p_units[l.a], l.amount
    FROM unnest(p_line_entries, p_line_numbers, p_line_accounts, p_line_amounts) AS l (e, no, a, amount)
    JOIN written AS w ON w.id = ids[l.e];
  GET DIAGNOSTICS n_written = ROW_COUNT;
  IF n_written = cardinality(p_line_amounts) THEN
    fresh := array_fill(true, ARRAY[cardinality(p_keys)]);
    RETURN;
  END IF;
  SELECT min(x.key) FILTER (WHERE e.request_hash <> x.hash),
         array_agg(e.id ORDER BY x.i), array_agg(e.id = ids[x.i] ORDER BY x.i)
    INTO other, account_ids, fresh
    FROM unnest(p_sources, p_keys, p_hashes) WITH ORDINALITY AS x (source, key, hash, i)
    JOIN books.entry AS e ON e.source = x.source AND e.source_key = x.key;
  IF other IS NOT NULL THEN
    RAISE EXCEPTION 'an entry with key % exists and says something else', other USING ERRCODE = 'BK003';
  END IF;
  ids := account_ids;
END $$;

CREATE FUNCTION books.post_batch(
  p_kinds text[], p_dates date[], p_sources text[], p_keys text[], p_hashes bytea[], p_memos text[], p_counts smallint[],
  p_gls text[], p_funds text[], p_units text[], p_counterparties text[],
  p_line_entries int[], p_line_numbers smallint[], p_line_accounts int[], p_line_amounts bigint[],
  OUT ids bigint[], OUT fresh boolean[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, books AS $$
BEGIN
  SELECT w.ids, w.fresh INTO ids, fresh FROM books.write_batch(
    p_kinds, p_dates, p_sources, p_keys, p_hashes, p_memos, '{}', '{}', p_counts,
    p_gls, p_funds, p_units, p_counterparties,
    p_line_entries, p_line_numbers, p_line_accounts, p_line_amounts) AS w;
END $$;

-- Cash of the fund less what is promised to payees.
CREATE FUNCTION books.available(p_fund_id int) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, books AS $$
  SELECT coalesce(sum(b.debits - b.credits), 0)::bigint
    FROM books.account AS a JOIN books.balance AS b ON b.account_id = a.id
   WHERE a.fund_id = p_fund_id AND a.unit = 'CNY' AND a.gl_code IN ('1001', '1002', '1009', '1010', '2202')
$$;

CREATE FUNCTION books.approve(
  p_subject text, p_maker text, p_checker text,
  p_kind text, p_date date, p_source text, p_key text, p_hash bytea, p_memo text,
  p_gls text[], p_funds text[], p_units text[], p_counterparties text[], p_amounts bigint[],
  OUT id bigint, OUT is_new boolean
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, books AS $$
DECLARE
  need record;
  known record;
  approval_id bigint;
  places int[] := ARRAY(SELECT generate_series(1, cardinality(p_amounts)));
BEGIN
  IF p_maker = p_checker THEN
    RAISE EXCEPTION '% may not approve what % made', p_checker, p_maker USING ERRCODE = 'BK007';
  END IF;
  -- One approver at a time per fund; gifts and facts never take this lock.
  FOR need IN SELECT f.id FROM books.fund AS f WHERE f.code = ANY (p_funds) ORDER BY f.id LOOP
    PERFORM pg_advisory_xact_lock(4802, need.id);
  END LOOP;
  SELECT e.id, e.request_hash, a.subject INTO known
    FROM books.entry AS e LEFT JOIN books.approval AS a ON a.id = e.approval_id
   WHERE e.source = p_source AND e.source_key = p_key;
  IF FOUND THEN
    IF known.request_hash <> p_hash OR known.subject IS DISTINCT FROM p_subject THEN
      RAISE EXCEPTION 'an entry with key % exists and says something else', p_key USING ERRCODE = 'BK003';
    END IF;
    id := known.id;
    is_new := false;
    RETURN;
  END IF;
  FOR need IN
    SELECT f.id, f.code, f.closed_on, -sum(l.amount) AS amount
      FROM unnest(p_gls, p_funds, p_units, p_amounts) AS l (gl, fund, unit, amount)
      JOIN books.fund AS f ON f.code = l.fund
     WHERE l.unit = 'CNY' AND l.gl IN ('1001', '1002', '1009', '1010', '2202')
     GROUP BY f.id, f.code, f.closed_on ORDER BY f.id
  LOOP
    IF need.amount > 0 AND need.closed_on <= p_date THEN
      RAISE EXCEPTION 'fund % is closed', need.code USING ERRCODE = 'BK005';
    END IF;
    IF need.amount > 0 AND books.available(need.id) < need.amount THEN
      RAISE EXCEPTION 'fund % has % available, % needed', need.code, books.available(need.id), need.amount
        USING ERRCODE = 'BK005';
    END IF;
  END LOOP;
  INSERT INTO books.approval AS a (subject, body_hash, maker, checker)
  VALUES (p_subject, p_hash, p_maker, p_checker)
      ON CONFLICT (subject) DO NOTHING RETURNING a.id INTO approval_id;
  IF approval_id IS NULL THEN
    RAISE EXCEPTION '% is approved already', p_subject USING ERRCODE = 'BK003';
  END IF;
  SELECT w.ids[1], w.fresh[1] INTO id, is_new FROM books.write_batch(
    ARRAY[p_kind], ARRAY[p_date], ARRAY[p_source], ARRAY[p_key], ARRAY[p_hash], ARRAY[p_memo],
    ARRAY[NULL::bigint], ARRAY[approval_id], ARRAY[cardinality(p_amounts)::smallint],
    p_gls, p_funds, p_units, p_counterparties,
    array_fill(1, ARRAY[cardinality(p_amounts)]), places::smallint[], places, p_amounts) AS w;
END $$;

CREATE FUNCTION books.reverse(p_entry bigint, p_date date, p_reason text, p_hash bytea) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, books AS $$
DECLARE
  old books.entry;
  result bigint;
BEGIN
  SELECT * INTO old FROM books.entry WHERE id = p_entry;
  IF NOT FOUND THEN RAISE EXCEPTION 'no entry %', p_entry USING ERRCODE = 'BK006'; END IF;
  IF old.reverses IS NOT NULL THEN
    RAISE EXCEPTION 'entry % is itself a reversal', p_entry USING ERRCODE = 'BK006';
  END IF;
  IF EXISTS (SELECT FROM books.entry WHERE reverses = p_entry) THEN
    RAISE EXCEPTION 'entry % is reversed already', p_entry USING ERRCODE = 'BK006';
  END IF;
  SELECT w.ids[1] INTO result
    FROM (SELECT array_agg(a.gl_code ORDER BY l.line_no) AS gls, array_agg(f.code ORDER BY l.line_no) AS funds,
                 array_agg(l.unit ORDER BY l.line_no) AS units, array_agg(a.counterparty ORDER BY l.line_no) AS counterparties,
                 array_agg(1 ORDER BY l.line_no) AS ones, array_agg(l.line_no ORDER BY l.line_no) AS numbers,
                 array_agg(l.line_no::int ORDER BY l.line_no) AS places, array_agg(-l.amount ORDER BY l.line_no) AS amounts
            FROM books.line AS l JOIN books.account AS a ON a.id = l.account_id JOIN books.fund AS f ON f.id = l.fund_id
           WHERE l.entry_id = p_entry) AS x,
         LATERAL books.write_batch(
           ARRAY[old.kind], ARRAY[p_date], ARRAY['reversal'], ARRAY[p_entry::text], ARRAY[p_hash], ARRAY[p_reason],
           ARRAY[p_entry], ARRAY[NULL::bigint], ARRAY[old.n_lines],
           x.gls, x.funds, x.units, x.counterparties, x.ones, x.numbers, x.places, x.amounts) AS w;
  RETURN result;
END $$;

CREATE FUNCTION books.trial_balance_hash(p_span daterange) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, books AS $$
  SELECT sha256(convert_to(coalesce(string_agg(s.account_id || ':' || s.debits || ':' || s.credits, ';' ORDER BY s.account_id), ''), 'UTF8'))
    FROM (SELECT l.account_id, coalesce(sum(l.amount) FILTER (WHERE l.amount > 0), 0) AS debits,
                 coalesce(-sum(l.amount) FILTER (WHERE l.amount < 0), 0) AS credits
            FROM books.line AS l JOIN books.entry AS e ON e.id = l.entry_id
           WHERE e.effective_date >= lower(p_span) AND e.effective_date < upper(p_span) GROUP BY l.account_id) AS s
$$;

CREATE FUNCTION books.close_period(p_first date, p_last date, p_actor text) RETURNS bytea
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, books AS $$
DECLARE
  v_span daterange := daterange(p_first, p_last, '[]');
  v_hash bytea;
  v_id int;
BEGIN
  PERFORM pg_advisory_xact_lock(4801, 0);  -- waits for postings in flight, lets none start
  v_hash := books.trial_balance_hash(v_span);
  UPDATE books.period SET status = 'closed', tb_hash = v_hash WHERE span = v_span AND status = 'open' RETURNING id INTO v_id;
  IF v_id IS NULL THEN
    INSERT INTO books.period (span, status, tb_hash) VALUES (v_span, 'closed', v_hash) RETURNING id INTO v_id;
  END IF;
  INSERT INTO books.period_log (period_id, status, tb_hash, actor, reason) VALUES (v_id, 'closed', v_hash, p_actor, '');
  RETURN v_hash;
END $$;

CREATE FUNCTION books.reopen_period(p_first date, p_last date, p_actor text, p_reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, books AS $$
DECLARE v_id int;
BEGIN
  PERFORM pg_advisory_xact_lock(4801, 0);
  UPDATE books.period SET status = 'open' WHERE span = daterange(p_first, p_last, '[]') AND status = 'closed' RETURNING id INTO v_id;
  IF v_id IS NULL THEN RAISE EXCEPTION 'no closed period from % to %', p_first, p_last USING ERRCODE = 'BK004'; END IF;
  INSERT INTO books.period_log (period_id, status, actor, reason) VALUES (v_id, 'open', p_actor, p_reason);
END $$;

-- The digest of a sealed entry covers all that the books say of it, in a form that no session setting changes.
CREATE FUNCTION books.entry_digest(p_entry bigint) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, books AS $$
  SELECT sha256(convert_to(concat_ws(E'\x1f', e.id, e.n_lines, e.kind, to_char(e.effective_date, 'YYYY-MM-DD'), e.source, e.source_key,
           encode(e.request_hash, 'hex'), coalesce(e.reverses, 0), coalesce(e.approval_id, 0), e.memo, e.posted_by,
           (extract(epoch FROM e.posted_at) * 1000000)::bigint, e.txid,
           (SELECT string_agg(concat_ws(',', l.line_no, l.account_id, l.fund_id, l.unit, l.amount), ';' ORDER BY l.line_no)
              FROM books.line AS l WHERE l.entry_id = e.id)), 'UTF8'))
    FROM books.entry AS e WHERE e.id = p_entry
$$;

-- Seal what is committed and not sealed yet, in one block. The set is an anti-join, so an entry that commits late
-- under a low id is simply sealed later; the horizon of transaction ids only spares reading what is sealed.
CREATE FUNCTION books.seal_block(p_limit int, OUT no bigint, OUT first_voucher bigint, OUT n int, OUT hash bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, books AS $$
DECLARE
  last books.block;
  entry_ids bigint[];
  v_from bigint;
  v_horizon bigint;
BEGIN
  PERFORM pg_advisory_xact_lock(4803, 0);
  SELECT * INTO last FROM books.block AS b ORDER BY b.no DESC LIMIT 1;
  v_horizon := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
  v_from := coalesce(last.horizon, 0);
  IF v_from > v_horizon THEN v_from := 0; END IF;  -- restored into another cluster
  SELECT array_agg(t.id ORDER BY t.id) INTO entry_ids
    FROM (SELECT e.id FROM books.entry AS e
           WHERE e.txid >= v_from AND NOT EXISTS (SELECT FROM books.seal AS s WHERE s.entry_id = e.id)
           ORDER BY e.id LIMIT p_limit) AS t;
  IF entry_ids IS NULL THEN RETURN; END IF;
  no := coalesce(last.no, 0) + 1;
  first_voucher := coalesce(last.first_voucher + last.n, 1);
  n := cardinality(entry_ids);
  SELECT sha256(coalesce(last.hash, '') || string_agg(books.entry_digest(t.id), '' ORDER BY t.id)) INTO hash
    FROM unnest(entry_ids) AS t (id);
  INSERT INTO books.block (no, first_voucher, n, prev, hash, horizon)
  VALUES (no, first_voucher, n, coalesce(last.hash, ''), hash, CASE WHEN n < p_limit THEN v_horizon ELSE v_from END);
  INSERT INTO books.seal (entry_id, block_no, voucher_no)
  SELECT t.id, seal_block.no, seal_block.first_voucher + t.i - 1 FROM unnest(entry_ids) WITH ORDINALITY AS t (id, i);
END $$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA books FROM PUBLIC;
GRANT USAGE ON SCHEMA books TO books_poster, books_reader, books_closer, books_sealer, books_auditor;
GRANT EXECUTE ON FUNCTION books.post_batch, books.approve, books.reverse, books.open_fund, books.close_fund, books.open_unit TO books_poster;
GRANT EXECUTE ON FUNCTION books.close_period, books.reopen_period TO books_closer;
GRANT EXECUTE ON FUNCTION books.seal_block TO books_sealer;
GRANT EXECUTE ON FUNCTION books.available TO books_reader, books_poster;
GRANT EXECUTE ON FUNCTION books.trial_balance_hash, books.entry_digest TO books_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA books TO books_reader;

RESET ROLE;
