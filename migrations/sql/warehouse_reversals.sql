-- A booking that was wrong is reversed (冲销入库): all lots of a receipt go back out wholly, once, after a second
-- person agreed, and the books hold the mirror of what they held.

-- Posts one cause with its moves. Refusals: ST001 lot not usable, ST002 less than that, ST003 bin is being counted,
-- ST004 wrong place, ST005 moves that this cause does not make, ST006 values do not add up, ST007 more than went out,
-- ST009 request used for something else, ST010 part of what a receipt brought has left. DETAIL is a JSON object that
-- names lot, bin and numbers.
CREATE OR REPLACE FUNCTION public.stock_post(
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

    -- What is taken back out is all that a receipt brought, and all of it is here.
    IF p_kind = 'unreceive' THEN
        SELECT l.number, l.quantity, l.on_hand - coalesce(w.on_hand, 0) AS here INTO bad
          FROM (SELECT DISTINCT m.lot FROM public.stock_move AS m WHERE m.cause = p_reverses) AS r
          JOIN public.stock_lot AS l ON l.id = r.lot
          LEFT JOIN LATERAL (SELECT sum(s.on_hand) AS on_hand
                               FROM public.stock_balance AS s JOIN public.stock_bin AS b ON b.id = s.bin
                              WHERE s.lot = l.id AND b.purpose = 'transit') AS w ON true
         WHERE l.on_hand - coalesce(w.on_hand, 0) <> l.quantity ORDER BY l.number LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'of lot % only % of % are here', bad.number, bad.here, bad.quantity USING ERRCODE = 'ST010',
                DETAIL = json_build_object('lot', bad.number, 'quantity', bad.quantity, 'gone', bad.quantity - bad.here);
        END IF;
        IF EXISTS (SELECT FROM (SELECT DISTINCT m.lot FROM public.stock_move AS m JOIN public.stock_cause AS c ON c.id = m.cause
                                 WHERE m.cause = p_reverses AND c.kind = 'receive') AS r
                     FULL JOIN (SELECT DISTINCT x AS lot FROM unnest(p_lots) AS x) AS t ON t.lot = r.lot
                    WHERE r.lot IS NULL OR t.lot IS NULL) THEN
            RAISE EXCEPTION '% did not bring exactly these lots', p_reverses USING ERRCODE = 'ST005', DETAIL = '{}';
        END IF;
    END IF;

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
        WHEN 'disassemble' THEN m.on_hand <> 0 AND m.reserved = 0
        WHEN 'unreceive' THEN m.on_hand < 0 AND m.reserved = 0 END, false)
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
        WHEN p_kind = 'unreceive' THEN s.net = -s.quantity
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

-- Once for each receipt, whoever tries.
CREATE UNIQUE INDEX stock_cause_unreceived_once ON stock_cause (reverses) WHERE kind = 'unreceive';

-- The books mirror the entries of the receipt itself; all other causes have entries of their own.
DROP TRIGGER stock_value_is_booked ON stock_cause;
CREATE CONSTRAINT TRIGGER stock_value_is_booked AFTER INSERT ON stock_cause DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kind NOT IN ('move', 'send', 'arrive', 'reserve', 'release', 'pick', 'unreceive'))
    EXECUTE FUNCTION public.stock_value_is_booked();
CREATE FUNCTION public.stock_reversal_is_booked() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE bad record;
BEGIN
    SELECT coalesce(s.number, b.number) AS number, s.value_fen AS stock, b.value_fen AS books INTO bad
      FROM (SELECT l.number, v.value_fen FROM public.stock_value AS v JOIN public.stock_lot AS l ON l.id = v.lot
             WHERE v.cause = NEW.id) AS s
      FULL JOIN (
            SELECT a.counterparty AS number, sum(li.amount) AS value_fen
              FROM books.entry AS o JOIN books.entry AS e ON e.reverses = o.id
              JOIN books.line AS li ON li.entry_id = e.id JOIN books.account AS a ON a.id = li.account_id
             WHERE o.source = 'warehouse'
               AND (o.source_key = NEW.reverses::text
                    OR o.source_key > NEW.reverses::text || '/' COLLATE "C" AND o.source_key < NEW.reverses::text || '0' COLLATE "C")
               AND a.gl_code IN ('1201', '1801') AND a.unit = 'CNY'
             GROUP BY a.counterparty HAVING sum(li.amount) <> 0) AS b ON b.number = s.number
     WHERE s.value_fen IS DISTINCT FROM b.value_fen LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'lot %: stock changes by % 分, the books by %', bad.number, bad.stock, bad.books
            USING ERRCODE = 'ST008';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER stock_reversal_is_booked AFTER INSERT ON stock_cause DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kind = 'unreceive') EXECUTE FUNCTION public.stock_reversal_is_booked();

-- Nothing is reversed before somebody else agreed (a CHECK of goods_reversal sees to it that it is another person).
CREATE FUNCTION public.stock_reversal_is_agreed() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.goods_reversal AS r
                    WHERE r.received = NEW.reverses AND r.offer = NEW.subject_id AND r.state = 'agreed') THEN
        RAISE EXCEPTION 'nobody agreed to reverse %', NEW.reverses USING ERRCODE = 'GI004';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER stock_reversal_is_agreed AFTER INSERT ON stock_cause DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kind = 'unreceive') EXECUTE FUNCTION public.stock_reversal_is_agreed();

-- What was proposed stays, and is decided once; what was agreed is done in the same transaction.
CREATE UNIQUE INDEX goods_reversal_one_open ON goods_reversal (booking) WHERE state IN ('proposed', 'agreed');
CREATE FUNCTION public.goods_reversal_begins() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.state <> 'proposed'
       OR NOT EXISTS (SELECT FROM public.goods_booking AS b WHERE b.id = NEW.booking AND b.offer = NEW.offer)
       OR NOT EXISTS (SELECT FROM public.stock_cause AS c
                       WHERE c.id = NEW.received AND c.kind = 'receive' AND c.subject_id = NEW.offer) THEN
        RAISE EXCEPTION 'a reversal is of a booking and its receipt'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'goods_reversal_begins';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goods_reversal_begins BEFORE INSERT ON goods_reversal
    FOR EACH ROW EXECUTE FUNCTION public.goods_reversal_begins();
CREATE FUNCTION public.goods_reversal_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF OLD.state <> 'proposed'
       OR (OLD.id, OLD.offer, OLD.booking, OLD.received, OLD.wrong, OLD.fund_code, OLD.reason, OLD.proposed_by,
           OLD.proposed_role, OLD.proposed_at, OLD.request)
          IS DISTINCT FROM
          (NEW.id, NEW.offer, NEW.booking, NEW.received, NEW.wrong, NEW.fund_code, NEW.reason, NEW.proposed_by,
           NEW.proposed_role, NEW.proposed_at, NEW.request) THEN
        RAISE EXCEPTION 'what was proposed stays' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goods_reversal_stays BEFORE UPDATE ON goods_reversal
    FOR EACH ROW EXECUTE FUNCTION public.goods_reversal_stays();
CREATE TRIGGER goods_reversal_kept BEFORE DELETE OR TRUNCATE ON goods_reversal
    FOR EACH STATEMENT EXECUTE FUNCTION public.goods_record_stays();
CREATE FUNCTION public.goods_reversal_is_done() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.stock_cause AS c WHERE c.kind = 'unreceive' AND c.reverses = NEW.received) THEN
        RAISE EXCEPTION 'agreed, and the goods are still booked' USING ERRCODE = 'GI004';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER goods_reversal_is_done AFTER UPDATE ON goods_reversal DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.state = 'agreed') EXECUTE FUNCTION public.goods_reversal_is_done();

-- Grades, counts and values of a reversed booking stay as they were; others take their place.
ALTER TABLE goods_grade ADD CONSTRAINT goods_grade_undone_by FOREIGN KEY (undone) REFERENCES goods_reversal (id);
CREATE UNIQUE INDEX goods_grade_once ON goods_grade (line, grade) WHERE undone IS NULL;
CREATE OR REPLACE FUNCTION public.goods_grade_takes_its_lot() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (OLD.id, OLD.line, OLD.grade, OLD.quantity, OLD.reason, OLD.fate, OLD.person, OLD.at)
          IS DISTINCT FROM (NEW.id, NEW.line, NEW.grade, NEW.quantity, NEW.reason, NEW.fate, NEW.person, NEW.at)
       OR OLD.undone IS NOT NULL OR (OLD.lot IS NOT NULL AND (NEW.lot IS DISTINCT FROM OLD.lot OR NEW.undone IS NULL))
       OR (NEW.undone IS NOT NULL AND NOT EXISTS (
              SELECT FROM public.goods_reversal AS r JOIN public.goods_offer_line AS l ON l.offer = r.offer
               WHERE r.id = NEW.undone AND l.id = OLD.line AND r.state = 'agreed')) THEN
        RAISE EXCEPTION 'a grading is not changed' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION public.goods_offer_line_is_as_said() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (OLD.offer, OLD.position, OLD.words, OLD.sort, OLD.quantity, OLD.per_pack, OLD.condition, OLD.opened, OLD.verdict)
       IS DISTINCT FROM
       (NEW.offer, NEW.position, NEW.words, NEW.sort, NEW.quantity, NEW.per_pack, NEW.condition, NEW.opened, NEW.verdict)
       OR (OLD.made_on, OLD.life_days, OLD.expires_on) IS DISTINCT FROM (NEW.made_on, NEW.life_days, NEW.expires_on)
       OR (OLD.item IS NOT NULL AND NEW.item IS DISTINCT FROM OLD.item)
       OR (OLD.decision <> 'pending' AND NEW.decision IS DISTINCT FROM OLD.decision)
       -- A count is forgotten in one moment alone: while its booking is reversed because of it.
       OR (OLD.counted IS NOT NULL AND NEW.counted IS DISTINCT FROM OLD.counted AND NOT (NEW.counted IS NULL AND EXISTS (
              SELECT FROM public.goods_reversal AS r JOIN public.goods_offer AS o ON o.id = r.offer
               WHERE r.offer = OLD.offer AND r.state = 'agreed' AND r.wrong = 'count' AND o.state = 'booked'
                 AND NOT EXISTS (SELECT FROM public.goods_grade AS g JOIN public.goods_offer_line AS l ON l.id = g.line
                                  WHERE l.offer = r.offer AND g.undone IS NULL)))) THEN
        RAISE EXCEPTION 'what was said of line % stays', OLD.position USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

-- Nothing is valued anew while it is in the books.
CREATE OR REPLACE FUNCTION public.goods_value_before_booking() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT FROM public.goods_grade AS g JOIN public.goods_offer_line AS l ON l.id = g.line
                 LEFT JOIN public.goods_booking AS b ON b.offer = l.offer
                WHERE g.id = NEW.graded AND (g.undone IS NOT NULL OR b.id IS NOT NULL AND NOT EXISTS (
                      SELECT FROM public.goods_reversal AS r WHERE r.booking = b.id AND r.state = 'agreed'))) THEN
        RAISE EXCEPTION 'these goods are in the books' USING ERRCODE = 'GI002';
    END IF;
    RETURN NEW;
END $$;

-- Who valued any of the goods does not take them into the books; and a booking follows the reversal of the one before.
CREATE OR REPLACE FUNCTION public.goods_booking_by_another() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT FROM public.goods_value AS v JOIN public.goods_grade AS g ON g.id = v.graded
                 JOIN public.goods_offer_line AS l ON l.id = g.line
                WHERE l.offer = NEW.offer AND g.undone IS NULL AND v.person = NEW.person) THEN
        RAISE EXCEPTION 'who valued goods does not book them' USING ERRCODE = 'GI001';
    END IF;
    IF NEW.round <> 1 + (SELECT count(*) FROM public.goods_reversal AS r WHERE r.offer = NEW.offer AND r.state = 'agreed') THEN
        RAISE EXCEPTION 'the booking before stands' USING ERRCODE = 'check_violation', CONSTRAINT = 'goods_booking_round';
    END IF;
    RETURN NEW;
END $$;

REVOKE DELETE, TRUNCATE ON goods_reversal FROM cishan_app;
ALTER TABLE goods_reversal ENABLE ALWAYS TRIGGER goods_reversal_begins;
ALTER TABLE goods_reversal ENABLE ALWAYS TRIGGER goods_reversal_stays;
ALTER TABLE goods_reversal ENABLE ALWAYS TRIGGER goods_reversal_kept;
