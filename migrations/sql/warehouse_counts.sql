-- Stocktakes and recalls, kept by the database: bins stand still for an open stocktake alone, two different people
-- count, a third approves, and every ending lets the bins go.

ALTER TABLE stock_bin ADD CONSTRAINT stock_bin_is_frozen_by FOREIGN KEY (frozen_by) REFERENCES stocktake (id);
CREATE INDEX stock_bin_frozen ON stock_bin (frozen_by) WHERE frozen_by IS NOT NULL;
CREATE INDEX stocktake_open ON stocktake (site) WHERE state IN ('counting', 'review', 'proposed');
CREATE UNIQUE INDEX stocktake_count_by_two_people ON stocktake_count (stocktake, round, bin, person)
    WHERE position < 3;

CREATE FUNCTION public.stock_bin_is_frozen() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF OLD.frozen_by IS NOT NULL AND EXISTS (
        SELECT FROM public.stocktake AS s
         WHERE s.id = OLD.frozen_by AND s.state NOT IN ('done', 'abandoned')) THEN
        RAISE EXCEPTION 'bin % is being counted', OLD.code
            USING ERRCODE = 'ST003', DETAIL = json_build_object('bin', OLD.code);
    END IF;
    IF NEW.frozen_by IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.stocktake_bin AS b JOIN public.stocktake AS s ON s.id = b.stocktake
         WHERE b.bin = NEW.id AND s.id = NEW.frozen_by AND s.state = 'counting') THEN
        RAISE EXCEPTION 'bin % stands still for no stocktake', NEW.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_bin_is_frozen';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stock_bin_is_frozen BEFORE UPDATE ON stock_bin FOR EACH ROW
    WHEN (OLD.frozen_by IS DISTINCT FROM NEW.frozen_by) EXECUTE FUNCTION public.stock_bin_is_frozen();

-- An ending without approval changes nothing, and every ending lets the bins go.
CREATE FUNCTION public.stocktake_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF (OLD.id, OLD.number, OLD.site, OLD.request, OLD.opened_at, OLD.opened_by)
       IS DISTINCT FROM (NEW.id, NEW.number, NEW.site, NEW.request, NEW.opened_at, NEW.opened_by)
       OR OLD.state IN ('done', 'abandoned') THEN
        RAISE EXCEPTION 'stocktake % has ended', OLD.number USING ERRCODE = 'ST022';
    END IF;
    IF NEW.state = 'done' AND NOT (CASE OLD.state
        WHEN 'proposed' THEN OLD.amount_fen = NEW.amount_fen
             AND approval_is_given('stocktake', 'stocktake', OLD.id::text, OLD.amount_fen)
        WHEN 'review' THEN NOT EXISTS (
            SELECT FROM public.stocktake_line AS l
             WHERE l.stocktake = OLD.id AND l.round = OLD.round AND l.counted IS DISTINCT FROM l.expected)
        ELSE false END) THEN
        RAISE EXCEPTION 'stocktake % was not approved', OLD.number USING ERRCODE = 'ST022';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stocktake_moves BEFORE UPDATE ON stocktake FOR EACH ROW EXECUTE FUNCTION public.stocktake_moves();
CREATE FUNCTION public.stocktake_lets_go() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT FROM public.stock_bin AS b WHERE b.frozen_by = NEW.id) THEN
        RAISE EXCEPTION 'stocktake % ends and bins still stand still', NEW.number USING ERRCODE = 'ST022';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER stocktake_lets_go AFTER UPDATE ON stocktake DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.state IN ('done', 'abandoned')) EXECUTE FUNCTION public.stocktake_lets_go();

CREATE FUNCTION public.stocktake_count_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (OLD.id, OLD.stocktake, OLD.round, OLD.bin, OLD.position, OLD.person, OLD.acting_role, OLD.began_at)
       IS DISTINCT FROM
       (NEW.id, NEW.stocktake, NEW.round, NEW.bin, NEW.position, NEW.person, NEW.acting_role, NEW.began_at)
       OR OLD.ended_at IS NOT NULL THEN
        RAISE EXCEPTION 'a count that has ended stays' USING ERRCODE = 'ST021';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stocktake_count_stays BEFORE UPDATE ON stocktake_count FOR EACH ROW
    EXECUTE FUNCTION public.stocktake_count_stays();

CREATE FUNCTION public.stocktake_entry_while_counting() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE v_count uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.count ELSE NEW.count END;
BEGIN
    IF TG_OP = 'UPDATE' OR NOT EXISTS (
        SELECT FROM public.stocktake_count AS c JOIN public.stocktake AS s ON s.id = c.stocktake
         WHERE c.id = v_count AND c.ended_at IS NULL AND s.state = 'counting' AND s.round = c.round) THEN
        RAISE EXCEPTION 'this count has ended' USING ERRCODE = 'ST021';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stocktake_entry_while_counting BEFORE INSERT OR UPDATE OR DELETE ON stocktake_entry
    FOR EACH ROW EXECUTE FUNCTION public.stocktake_entry_while_counting();

CREATE FUNCTION public.stocktake_line_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (OLD.id, OLD.stocktake, OLD.round, OLD.bin, OLD.lot, OLD.expected, OLD.reserved)
       IS DISTINCT FROM (NEW.id, NEW.stocktake, NEW.round, NEW.bin, NEW.lot, NEW.expected, NEW.reserved)
       OR (OLD.counted IS NOT NULL AND NEW.counted IS DISTINCT FROM OLD.counted) THEN
        RAISE EXCEPTION 'what was expected and counted stays' USING ERRCODE = 'ST021';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stocktake_line_stays BEFORE UPDATE ON stocktake_line FOR EACH ROW
    EXECUTE FUNCTION public.stocktake_line_stays();

-- Who counted does not judge the count.
CREATE FUNCTION public.stocktake_is_checked_by_a_third() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (
        SELECT FROM public.approval AS a JOIN public.stocktake_count AS c ON c.stocktake::text = a.subject_id
         WHERE a.id = NEW.approval AND a.kind = 'stocktake' AND c.person = ANY (NEW.participants || NEW.person)) THEN
        RAISE EXCEPTION 'a counter does not judge the count' USING ERRCODE = 'AP016';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stocktake_is_checked_by_a_third BEFORE INSERT ON approval_step FOR EACH ROW
    WHEN (NEW.stage IN ('check', 'panel', 'release')) EXECUTE FUNCTION public.stocktake_is_checked_by_a_third();

-- Packed goods that are called back, expired or gone let their order be picked again.
CREATE OR REPLACE FUNCTION public.goods_order_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (OLD.id, OLD.number, OLD.site, OLD.kind, OLD.batch, OLD.drive, OLD.purpose, OLD.receiver_kind, OLD.tokens, OLD.region,
        OLD.entrusted_to, OLD.requested_by, OLD.requested_at, OLD.request)
       IS DISTINCT FROM (NEW.id, NEW.number, NEW.site, NEW.kind, NEW.batch, NEW.drive, NEW.purpose, NEW.receiver_kind,
        NEW.tokens, NEW.region, NEW.entrusted_to, NEW.requested_by, NEW.requested_at, NEW.request) THEN
        RAISE EXCEPTION 'what order % asks for cannot be changed', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state <> NEW.state AND NOT (OLD.state, NEW.state) IN (
        ('requested', 'reserved'), ('reserved', 'requested'), ('reserved', 'picking'), ('picking', 'packed'),
        ('packed', 'handed_over'), ('packed', 'picking'), ('handed_over', 'confirmed'), ('requested', 'cancelled'), ('reserved', 'cancelled'),
        ('picking', 'cancelled'), ('packed', 'cancelled'), ('requested', 'handed_over')) THEN
        RAISE EXCEPTION 'order % does not go from % to %', OLD.number, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state <> NEW.state AND NEW.state = 'handed_over'
       AND NOT EXISTS (SELECT FROM public.goods_handover AS h WHERE h.goods_order = NEW.id) THEN
        RAISE EXCEPTION 'nobody signed for order %', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', tgrelid::regclass, tgname)
                  FROM pg_catalog.pg_trigger
                 WHERE NOT tgisinternal AND (tgname LIKE 'stocktake%' OR tgname = 'stock_bin_is_frozen') LOOP
        EXECUTE name;
    END LOOP;
END $$;
REVOKE DELETE, TRUNCATE ON stocktake, stocktake_bin, stocktake_line, stocktake_count FROM cishan_app;
REVOKE UPDATE ON stocktake_bin FROM cishan_app;
REVOKE TRUNCATE ON stocktake_entry FROM cishan_app;
REVOKE DELETE, TRUNCATE ON goods_recall, goods_recall_lot, goods_recall_receiver FROM cishan_app;
REVOKE UPDATE ON goods_recall_lot FROM cishan_app;
SELECT audit.watch('stocktake', 'state', 'stocktake', '{counting}');
SELECT audit.watch('goods_recall', 'state', 'recall', '{open}');
