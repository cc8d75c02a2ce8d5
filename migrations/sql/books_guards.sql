-- What no one gets past, the owner of the tables included: every trigger is ENABLE ALWAYS.
SET LOCAL ROLE books_owner;

CREATE FUNCTION books.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% on books.% is refused: the books are append-only', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'BK000';
END $$;

-- Entries and their lines are written by one statement (a data-modifying CTE), so both triggers below run when
-- all of them are there, and no state between statements knows an entry without its lines.
CREATE FUNCTION books.entry_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
  PERFORM pg_catalog.pg_advisory_xact_lock_shared(4801, 0);  -- close_period holds it exclusively
  SELECT n.id, n.effective_date,
         (SELECT l.line_no FROM books.line AS l WHERE l.entry_id = n.id AND l.line_no = n.n_lines) AS last_line
    INTO bad
    FROM new_entries AS n
   WHERE (SELECT l.line_no FROM books.line AS l WHERE l.entry_id = n.id AND l.line_no = n.n_lines) IS NULL
      OR (n.effective_date < (SELECT max(upper(p.span)) FROM books.period AS p WHERE p.status = 'closed')
          AND EXISTS (SELECT FROM books.period AS p WHERE p.status = 'closed' AND p.span @> n.effective_date))
   LIMIT 1;
  IF FOUND THEN
    IF bad.last_line IS NULL THEN
      RAISE EXCEPTION 'entry % has not all its lines', bad.id USING ERRCODE = '23514';
    END IF;
    RAISE EXCEPTION 'the period of % is closed', bad.effective_date USING ERRCODE = 'BK004';
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION books.line_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE bad record;
BEGIN
  SELECT g.entry_id, g.balanced INTO bad
    FROM (SELECT f.entry_id, sum(f.c) AS c, min(f.lo) AS lo, max(f.hi) AS hi, bool_and(f.total = 0) AS balanced
            FROM (SELECT l.entry_id, count(*) AS c, min(l.line_no) AS lo, max(l.line_no) AS hi, sum(l.amount) AS total
                    FROM new_lines AS l GROUP BY l.entry_id, l.fund_id, l.unit) AS f
           GROUP BY f.entry_id) AS g
   WHERE NOT g.balanced OR g.lo <> 1 OR g.hi <> g.c
      OR (SELECT e.n_lines FROM books.entry AS e WHERE e.id = g.entry_id) IS DISTINCT FROM g.hi
   LIMIT 1;
  IF FOUND THEN
    IF NOT bad.balanced THEN
      RAISE EXCEPTION 'entry % does not balance in every fund and unit', bad.entry_id USING ERRCODE = '23514';
    END IF;
    RAISE EXCEPTION 'the lines of entry % are not exactly its lines', bad.entry_id USING ERRCODE = '23514';
  END IF;
  -- A line whose fund or unit is not that of its account finds no account here: its NULL is refused.
  -- One order of locks for every statement: no two batches can wait for each other. The row is there since its
  -- account was opened; the proposed one has no guard because PostgreSQL would check it before it is added up.
  INSERT INTO books.balance AS b (account_id, guard, debits, credits, n)
  SELECT (SELECT a.id FROM books.account AS a WHERE a.id = m.account_id AND a.fund_id = m.fund_id AND a.unit = m.unit),
         0, m.debits, m.credits, m.n
    FROM (SELECT l.account_id, l.fund_id, l.unit, count(*) AS n,
                 coalesce(sum(l.amount) FILTER (WHERE l.amount > 0), 0)::bigint AS debits,
                 coalesce(-sum(l.amount) FILTER (WHERE l.amount < 0), 0)::bigint AS credits
            FROM new_lines AS l GROUP BY l.account_id, l.fund_id, l.unit) AS m
   ORDER BY m.account_id
      ON CONFLICT (account_id) DO UPDATE
     SET debits = b.debits + excluded.debits, credits = b.credits + excluded.credits, n = b.n + excluded.n;
  RETURN NULL;
END $$;

CREATE FUNCTION books.account_opened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO books.balance (account_id, guard) SELECT id, guard FROM new_accounts;
  RETURN NULL;
END $$;

CREATE FUNCTION books.fund_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.id, NEW.code, NEW.restriction, NEW.opened_on, NEW.parent_code)
     IS DISTINCT FROM (OLD.id, OLD.code, OLD.restriction, OLD.opened_on, OLD.parent_code) THEN
    RAISE EXCEPTION 'code, restriction, opening day and parent of fund % are fixed', OLD.code USING ERRCODE = 'BK000';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION books.period_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.id, NEW.span) IS DISTINCT FROM (OLD.id, OLD.span) THEN
    RAISE EXCEPTION 'the span of a period is fixed' USING ERRCODE = 'BK000';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER entry_inserted AFTER INSERT ON books.entry REFERENCING NEW TABLE AS new_entries
  FOR EACH STATEMENT EXECUTE FUNCTION books.entry_inserted();
CREATE TRIGGER line_inserted AFTER INSERT ON books.line REFERENCING NEW TABLE AS new_lines
  FOR EACH STATEMENT EXECUTE FUNCTION books.line_inserted();
CREATE TRIGGER account_opened AFTER INSERT ON books.account REFERENCING NEW TABLE AS new_accounts
  FOR EACH STATEMENT EXECUTE FUNCTION books.account_opened();
CREATE TRIGGER fund_kept BEFORE UPDATE ON books.fund FOR EACH ROW EXECUTE FUNCTION books.fund_kept();
CREATE TRIGGER period_kept BEFORE UPDATE ON books.period FOR EACH ROW EXECUTE FUNCTION books.period_kept();

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['entry', 'line', 'account', 'approval', 'block', 'seal', 'period_log'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON books.%I
                    FOR EACH STATEMENT EXECUTE FUNCTION books.refuse()', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['balance', 'fund', 'period', 'gl', 'unit'] LOOP
    EXECUTE format('CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON books.%I
                    FOR EACH STATEMENT EXECUTE FUNCTION books.refuse()', name);
  END LOOP;
  FOR name IN SELECT format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', tgrelid::regclass, tgname)
                FROM pg_catalog.pg_trigger
               WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_catalog.pg_class WHERE relnamespace = 'books'::regnamespace) LOOP
    EXECUTE name;
  END LOOP;
END $$;

RESET ROLE;
