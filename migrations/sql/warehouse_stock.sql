-- The one writer of stock, and what keeps everybody else from writing it.

-- Checks that a check on one row cannot make.
CREATE INDEX stock_balance_in_bin ON stock_balance (bin, lot) WHERE on_hand > 0;
CREATE INDEX stock_lot_with_stock ON stock_lot (item, expires_on) WHERE on_hand > 0;
CREATE INDEX stock_cause_of_subject ON stock_cause (subject_kind, subject_id);
CREATE INDEX stock_cause_by_time ON stock_cause (at, kind);
CREATE INDEX stock_move_in_bin ON stock_move (bin, id);
CREATE UNIQUE INDEX stock_bin_one_way_in ON stock_bin (site) WHERE purpose = 'transit' AND active;

CREATE FUNCTION public.stock_bin_is_of_its_zone() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.stock_zone AS z
                    WHERE z.id = NEW.zone AND z.site = NEW.site AND z.purpose = NEW.purpose) THEN
        RAISE EXCEPTION 'bin % is not of its zone', NEW.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_bin_is_of_its_zone';
    END IF;
    IF NOT NEW.active AND EXISTS (SELECT FROM public.stock_balance AS b WHERE b.bin = NEW.id AND b.on_hand > 0) THEN
        RAISE EXCEPTION 'bin % is not empty', NEW.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_bin_is_empty';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stock_bin_is_of_its_zone BEFORE INSERT OR UPDATE ON stock_bin
    FOR EACH ROW EXECUTE FUNCTION public.stock_bin_is_of_its_zone();

CREATE FUNCTION public.stock_lot_begins_empty() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.on_hand <> 0 OR NEW.value_fen <> 0 OR NEW.state <> 'open' THEN
        RAISE EXCEPTION 'a lot begins empty and open'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_lot_begins_empty';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stock_lot_begins_empty BEFORE INSERT ON stock_lot
    FOR EACH ROW EXECUTE FUNCTION public.stock_lot_begins_empty();
ALTER TABLE stock_lot ADD CONSTRAINT stock_lot_entrusted CHECK (entrusted = (fund_code LIKE 'A-%'));

CREATE FUNCTION public.stock_is_append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION '% is append-only; a correction is a move', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER stock_cause_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_cause
    FOR EACH STATEMENT EXECUTE FUNCTION public.stock_is_append_only();
CREATE TRIGGER stock_move_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_move
    FOR EACH STATEMENT EXECUTE FUNCTION public.stock_is_append_only();
CREATE TRIGGER stock_value_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON stock_value
    FOR EACH STATEMENT EXECUTE FUNCTION public.stock_is_append_only();
ALTER TABLE stock_cause ENABLE ALWAYS TRIGGER stock_cause_stays;
ALTER TABLE stock_move ENABLE ALWAYS TRIGGER stock_move_stays;
ALTER TABLE stock_value ENABLE ALWAYS TRIGGER stock_value_stays;

-- Posts one cause with its moves. Refusals: ST001 lot not usable, ST002 less than that, ST003 bin is being counted,
-- ST004 wrong place, ST005 moves that this cause does not make, ST006 values do not add up, ST007 more than went out,
-- ST009 request used for something else. DETAIL is a JSON object that names lot, bin and numbers.
CREATE FUNCTION public.stock_post(
    p_id uuid, p_kind text, p_at timestamptz, p_person uuid, p_role text, p_subject_kind text, p_subject uuid,
    p_request uuid, p_reason text, p_reverses uuid,
    p_lots uuid[], p_bins uuid[], p_on_hand int[], p_reserved int[],
    OUT cause uuid, OUT fresh boolean, OUT lots uuid[], OUT vals bigint[]
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    bad record;
    -- A day told too early does not make expired goods fresh.
    v_day date := greatest((p_at AT TIME ZONE 'Asia/Shanghai')::date, (now() AT TIME ZONE 'Asia/Shanghai')::date);
BEGIN
    INSERT INTO public.stock_cause (id, kind, at, person, acting_role, subject_kind, subject_id, request, reason, reverses)
    VALUES (p_id, p_kind, p_at, p_person, p_role, p_subject_kind, p_subject, p_request, p_reason, p_reverses)
    ON CONFLICT (request) DO NOTHING;
    fresh := FOUND;
    IF NOT fresh THEN
        SELECT c.id, c.kind, c.subject_id INTO bad FROM public.stock_cause AS c WHERE c.request = p_request;
        IF (bad.kind, bad.subject_id) IS DISTINCT FROM (p_kind, p_subject) THEN
            RAISE EXCEPTION 'request was used for something else' USING ERRCODE = 'ST009', DETAIL = '{}';
        END IF;
        cause := bad.id;
        SELECT coalesce(array_agg(v.lot ORDER BY v.lot), '{}'), coalesce(array_agg(v.value_fen ORDER BY v.lot), '{}')
          INTO lots, vals FROM public.stock_value AS v WHERE v.cause = bad.id;
        RETURN;
    END IF;
    cause := p_id;
    IF cardinality(p_lots) = 0 THEN
        RAISE EXCEPTION 'nothing moves' USING ERRCODE = 'ST005', DETAIL = '{}';
    END IF;

    -- In one order for everybody: two that want the same lots wait for each other and do not lock each other out.
    PERFORM FROM public.stock_lot AS l WHERE l.id = ANY(p_lots) ORDER BY l.id FOR NO KEY UPDATE;

    -- What this cause does, line by line.
    SELECT m.n INTO bad
      FROM unnest(p_lots, p_bins, p_on_hand, p_reserved) WITH ORDINALITY AS m (lot, bin, on_hand, reserved, n)
     WHERE m.lot IS NULL OR m.bin IS NULL OR NOT coalesce(CASE p_kind
        WHEN 'receive' THEN m.on_hand > 0 AND m.reserved = 0
        WHEN 'move' THEN m.on_hand <> 0 AND m.reserved = 0
        WHEN 'send' THEN m.on_hand <> 0 AND m.reserved = 0
        WHEN 'arrive' THEN m.on_hand <> 0 AND m.reserved = 0
        WHEN 'reserve' THEN m.on_hand = 0 AND m.reserved > 0
        WHEN 'release' THEN m.on_hand = 0 AND m.reserved < 0
        WHEN 'pick' THEN m.on_hand <> 0 AND m.reserved = m.on_hand
        WHEN 'issue' THEN m.on_hand < 0 AND m.reserved BETWEEN m.on_hand AND 0
        WHEN 'return' THEN m.on_hand > 0 AND m.reserved = 0
        WHEN 'scrap' THEN m.on_hand < 0 AND m.reserved BETWEEN m.on_hand AND 0
        WHEN 'lose' THEN m.on_hand < 0 AND m.reserved BETWEEN m.on_hand AND 0
        WHEN 'adjust' THEN m.on_hand <> 0 AND m.reserved BETWEEN least(m.on_hand, 0) AND 0
        WHEN 'assemble' THEN m.on_hand <> 0 AND m.reserved = 0
        WHEN 'disassemble' THEN m.on_hand <> 0 AND m.reserved = 0 END, false)
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'line % is no move of %', bad.n, p_kind USING ERRCODE = 'ST005', DETAIL = '{}';
    END IF;

    -- And lot by lot.
    SELECT s.number, s.quantity, s.net INTO bad
      FROM (SELECT l.id, l.number, l.quantity, l.on_hand, n.net
              FROM (SELECT m.lot, sum(m.on_hand) AS net FROM unnest(p_lots, p_on_hand) AS m (lot, on_hand) GROUP BY m.lot) AS n
              LEFT JOIN public.stock_lot AS l ON l.id = n.lot) AS s
     WHERE s.id IS NULL OR NOT CASE
        WHEN p_kind IN ('move', 'send', 'arrive', 'reserve', 'release', 'pick') THEN s.net = 0
        WHEN p_kind IN ('issue', 'scrap', 'lose') THEN s.net < 0
        WHEN p_kind = 'adjust' THEN s.net <= 0
        WHEN p_kind = 'return' THEN s.net > 0
        WHEN p_kind IN ('receive', 'assemble', 'disassemble') AND s.net > 0
            THEN s.net = s.quantity AND NOT EXISTS (SELECT FROM public.stock_move AS m WHERE m.lot = s.id)
        WHEN p_kind IN ('assemble', 'disassemble') THEN s.net < 0
        ELSE false END
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'lot % does not change by % by %', bad.number, bad.net, p_kind USING ERRCODE = 'ST005', DETAIL = '{}';
    END IF;

    -- Goods that nobody may have.
    IF p_kind IN ('reserve', 'pick', 'issue', 'assemble') THEN
        SELECT l.number, l.state, l.expires_on INTO bad
          FROM public.stock_lot AS l
         WHERE l.id = ANY(p_lots) AND (l.state <> 'open' OR l.expires_on < v_day)
           -- Picked goods of such a lot may still be brought back to quarantine.
           AND (p_kind <> 'pick' OR EXISTS (
                SELECT FROM unnest(p_lots, p_bins, p_on_hand) AS m (lot, bin, on_hand)
                  JOIN public.stock_bin AS b ON b.id = m.bin
                 WHERE m.lot = l.id AND m.on_hand > 0 AND b.purpose <> 'quarantine'))
         LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'lot % is not usable', bad.number USING ERRCODE = 'ST001',
                DETAIL = json_build_object('lot', bad.number, 'state', bad.state, 'expires_on', bad.expires_on);
        END IF;
    END IF;

    -- Places.
    SELECT b.code, (b.frozen_by IS NOT NULL AND b.frozen_by <> p_subject AND p_kind <> 'release') AS frozen INTO bad
      FROM unnest(p_lots, p_bins, p_on_hand) AS m (lot, bin, on_hand)
      LEFT JOIN public.stock_bin AS b ON b.id = m.bin
      LEFT JOIN public.stock_lot AS l ON l.id = m.lot
      LEFT JOIN public.goods_item AS i ON i.id = l.item
     WHERE b.id IS NULL OR (NOT b.active AND m.on_hand > 0)
        OR (b.frozen_by IS NOT NULL AND b.frozen_by <> p_subject AND p_kind <> 'release')
        OR NOT CASE
            WHEN p_kind = 'reserve'
                THEN b.purpose IN ('shelf', 'cold') OR (b.purpose = 'receiving' AND i.shelf_life_days < 90)
            WHEN p_kind IN ('issue', 'assemble') AND m.on_hand < 0
                THEN b.purpose IN ('shelf', 'cold', 'packing') OR (b.purpose = 'receiving' AND i.shelf_life_days < 90)
            WHEN p_kind = 'send' THEN (m.on_hand > 0) = (b.purpose = 'transit')
            WHEN p_kind = 'arrive' THEN (m.on_hand < 0) = (b.purpose = 'transit')
            WHEN p_kind IN ('lose', 'scrap', 'adjust') THEN true
            WHEN p_kind IN ('receive', 'move', 'pick', 'return', 'assemble', 'disassemble') THEN b.purpose <> 'transit'
            ELSE true END
        OR (i.cold_chain AND m.on_hand > 0 AND b.purpose = 'shelf')
     LIMIT 1;
    IF FOUND THEN
        IF bad.frozen THEN
            RAISE EXCEPTION 'bin % is being counted', bad.code USING ERRCODE = 'ST003', DETAIL = json_build_object('bin', bad.code);
        END IF;
        RAISE EXCEPTION '% is no place for that', bad.code USING ERRCODE = 'ST004', DETAIL = json_build_object('bin', bad.code);
    END IF;
    IF p_kind IN ('move', 'pick') AND (SELECT count(DISTINCT b.site) FROM public.stock_bin AS b WHERE b.id = ANY(p_bins)) > 1 THEN
        RAISE EXCEPTION 'another site needs a transfer' USING ERRCODE = 'ST004', DETAIL = '{"bin": ""}';
    END IF;

    -- Never more than there is, nor than is free of promises.
    SELECT l.number, i.name_zh, i.name_en, b.code, d.on_hand, d.reserved,
           coalesce(s.on_hand, 0) AS there, coalesce(s.reserved, 0) AS promised INTO bad
      FROM (SELECT m.lot, m.bin, sum(m.on_hand) AS on_hand, sum(m.reserved) AS reserved
              FROM unnest(p_lots, p_bins, p_on_hand, p_reserved) AS m (lot, bin, on_hand, reserved)
             GROUP BY m.lot, m.bin) AS d
      LEFT JOIN public.stock_balance AS s ON s.lot = d.lot AND s.bin = d.bin
      JOIN public.stock_lot AS l ON l.id = d.lot JOIN public.goods_item AS i ON i.id = l.item
      JOIN public.stock_bin AS b ON b.id = d.bin
     WHERE coalesce(s.reserved, 0) + d.reserved < 0
        OR coalesce(s.on_hand, 0) + d.on_hand < coalesce(s.reserved, 0) + d.reserved
     ORDER BY l.number, b.code LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'lot % in %: % there, % promised', bad.number, bad.code, bad.there, bad.promised
            USING ERRCODE = 'ST002', DETAIL = json_build_object(
                'lot', bad.number, 'item_zh', bad.name_zh, 'item_en', bad.name_en, 'bin', bad.code,
                'wanted', greatest(-bad.on_hand, bad.reserved, -bad.reserved),
                'available', CASE WHEN bad.reserved < 0 THEN bad.promised ELSE bad.there - bad.promised END);
    END IF;
    WITH d AS (
        SELECT m.lot, m.bin, sum(m.on_hand) AS on_hand, sum(m.reserved) AS reserved
          FROM unnest(p_lots, p_bins, p_on_hand, p_reserved) AS m (lot, bin, on_hand, reserved)
         GROUP BY m.lot, m.bin),
    u AS (
        UPDATE public.stock_balance AS s SET on_hand = s.on_hand + d.on_hand, reserved = s.reserved + d.reserved
          FROM d WHERE s.lot = d.lot AND s.bin = d.bin RETURNING s.lot, s.bin)
    INSERT INTO public.stock_balance (lot, bin, on_hand, reserved)
    SELECT d.lot, d.bin, d.on_hand, d.reserved FROM d
     WHERE NOT EXISTS (SELECT FROM u WHERE u.lot = d.lot AND u.bin = d.bin);

    INSERT INTO public.stock_move (cause, lot, bin, on_hand, reserved)
    SELECT p_id, m.lot, m.bin, m.on_hand, m.reserved
      FROM unnest(p_lots, p_bins, p_on_hand, p_reserved) AS m (lot, bin, on_hand, reserved);

    -- What came back is worth what it was when it went.
    IF p_kind = 'return' THEN
        SELECT l.number, o.gone, o.back INTO bad
          FROM (SELECT m.lot FROM unnest(p_lots) AS m (lot) GROUP BY m.lot) AS n
          JOIN public.stock_lot AS l ON l.id = n.lot
          CROSS JOIN LATERAL (
            SELECT coalesce((SELECT -sum(g.on_hand) FROM public.stock_move AS g JOIN public.stock_cause AS c ON c.id = g.cause
                              WHERE g.cause = p_reverses AND g.lot = n.lot AND c.kind = 'issue'), 0) AS gone,
                   (SELECT coalesce(sum(r.on_hand), 0) FROM public.stock_move AS r JOIN public.stock_cause AS c ON c.id = r.cause
                     WHERE c.reverses = p_reverses AND r.lot = n.lot) AS back) AS o
         WHERE o.back > o.gone LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'of lot % went out %, not %', bad.number, bad.gone, bad.back USING ERRCODE = 'ST007',
                DETAIL = json_build_object('lot', bad.number, 'gone', bad.gone, 'back', bad.back);
        END IF;
    END IF;

    -- What leaves a lot is worth its share, rounded down; the last pieces take the rest. A lot is never worth more.
    IF p_kind NOT IN ('move', 'send', 'arrive', 'reserve', 'release', 'pick') THEN
        WITH n AS (
            SELECT m.lot, sum(m.on_hand) AS net FROM unnest(p_lots, p_on_hand) AS m (lot, on_hand)
             GROUP BY m.lot HAVING sum(m.on_hand) <> 0),
        w AS (
            SELECT n.lot, n.net, CASE
                WHEN n.net < 0 AND l.on_hand + n.net = 0 THEN -l.value_fen
                WHEN n.net < 0 THEN -floor(l.value_fen::numeric * -n.net / l.on_hand)
                WHEN p_kind = 'return' THEN
                    (SELECT ceil(coalesce(-max(g.value_fen), 0)::numeric * back.pieces / gone.pieces) - back.value_fen
                       FROM (SELECT -sum(m.on_hand) AS pieces FROM public.stock_move AS m
                              WHERE m.cause = p_reverses AND m.lot = n.lot) AS gone,
                            (SELECT sum(m.on_hand) AS pieces,
                                    (SELECT coalesce(sum(v.value_fen), 0) FROM public.stock_value AS v
                                       JOIN public.stock_cause AS c ON c.id = v.cause
                                      WHERE c.reverses = p_reverses AND v.lot = n.lot) AS value_fen
                               FROM public.stock_move AS m JOIN public.stock_cause AS c ON c.id = m.cause
                              WHERE c.reverses = p_reverses AND m.lot = n.lot) AS back
                       LEFT JOIN public.stock_value AS g ON g.cause = p_reverses AND g.lot = n.lot
                      GROUP BY back.pieces, gone.pieces, back.value_fen)
                ELSE l.cost_fen END::bigint AS value_fen
              FROM n JOIN public.stock_lot AS l ON l.id = n.lot),
        u AS (
            UPDATE public.stock_lot AS l SET on_hand = l.on_hand + w.net, value_fen = l.value_fen + w.value_fen
              FROM w WHERE l.id = w.lot),
        v AS (
            INSERT INTO public.stock_value (cause, lot, value_fen)
            SELECT p_id, w.lot, w.value_fen FROM w WHERE w.value_fen <> 0)
        SELECT array_agg(w.lot ORDER BY w.lot) FILTER (WHERE w.value_fen <> 0),
               array_agg(w.value_fen ORDER BY w.lot) FILTER (WHERE w.value_fen <> 0) INTO lots, vals FROM w;
        IF p_kind IN ('assemble', 'disassemble') AND (SELECT coalesce(sum(x), 0) FROM unnest(vals) AS x) <> 0 THEN
            RAISE EXCEPTION 'value was made or lost' USING ERRCODE = 'ST006', DETAIL = '{}';
        END IF;
    END IF;
    lots := coalesce(lots, '{}');
    vals := coalesce(vals, '{}');
END $$;
REVOKE ALL ON FUNCTION public.stock_post FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public.stock_post TO cishan_app;

REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON stock_cause, stock_move, stock_value, stock_balance FROM cishan_app;
REVOKE UPDATE, DELETE, TRUNCATE ON stock_lot FROM cishan_app;
GRANT UPDATE (state) ON stock_lot TO cishan_app;
REVOKE DELETE, TRUNCATE ON goods_item, stock_site, stock_zone, stock_bin FROM cishan_app;

-- A cause that changes what stock is worth is committed with its voucher, lot for lot, or not at all.
CREATE FUNCTION public.stock_value_is_booked() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE bad record;
BEGIN
    SELECT coalesce(s.number, b.number) AS number, s.value_fen AS stock, b.value_fen AS books INTO bad
      FROM (SELECT l.number, v.value_fen FROM public.stock_value AS v JOIN public.stock_lot AS l ON l.id = v.lot
             WHERE v.cause = NEW.id) AS s
      FULL JOIN (
            SELECT a.counterparty AS number, sum(li.amount) AS value_fen
              FROM books.entry AS e JOIN books.line AS li ON li.entry_id = e.id JOIN books.account AS a ON a.id = li.account_id
             WHERE e.source = 'warehouse'
               AND (e.source_key = NEW.id::text
                    OR e.source_key > NEW.id::text || '/' COLLATE "C" AND e.source_key < NEW.id::text || '0' COLLATE "C")
               AND a.gl_code IN ('1201', '1801') AND a.unit = 'CNY'
             GROUP BY a.counterparty HAVING sum(li.amount) <> 0) AS b ON b.number = s.number
     WHERE s.value_fen IS DISTINCT FROM b.value_fen LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'lot %: stock changes by % 分, the books by %', bad.number, bad.stock, bad.books
            USING ERRCODE = 'ST008';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER stock_value_is_booked AFTER INSERT ON stock_cause DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kind NOT IN ('move', 'send', 'arrive', 'reserve', 'release', 'pick'))
    EXECUTE FUNCTION public.stock_value_is_booked();

SELECT audit.watch('stock_lot', 'state', 'lot', '{open}');
