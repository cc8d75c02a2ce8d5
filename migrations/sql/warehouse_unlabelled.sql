-- Goods found without a label: entered while the count goes on, agreed on once, and of known age or never handed out.

CREATE TRIGGER stocktake_unlabelled_while_counting BEFORE INSERT OR UPDATE OR DELETE ON stocktake_unlabelled_entry
    FOR EACH ROW EXECUTE FUNCTION public.stocktake_entry_while_counting();

CREATE FUNCTION public.stocktake_unlabelled_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (OLD.id, OLD.stocktake, OLD.round, OLD.bin, OLD.item) IS DISTINCT FROM (NEW.id, NEW.stocktake, NEW.round, NEW.bin, NEW.item)
       OR (OLD.counted IS NOT NULL AND (OLD.counted, OLD.use_until) IS DISTINCT FROM (NEW.counted, NEW.use_until))
       OR (OLD.lot IS NOT NULL AND NEW.lot IS DISTINCT FROM OLD.lot) THEN
        RAISE EXCEPTION 'what was counted stays' USING ERRCODE = 'ST021';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stocktake_unlabelled_stays BEFORE UPDATE ON stocktake_unlabelled FOR EACH ROW
    EXECUTE FUNCTION public.stocktake_unlabelled_stays();

CREATE OR REPLACE FUNCTION public.stocktake_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
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
             AND NOT EXISTS (
            SELECT FROM public.stocktake_unlabelled AS u
             WHERE u.stocktake = OLD.id AND u.round = OLD.round AND u.counted IS DISTINCT FROM 0)
        ELSE false END) THEN
        RAISE EXCEPTION 'stocktake % was not approved', OLD.number USING ERRCODE = 'ST022';
    END IF;
    RETURN NEW;
END $$;

-- Nobody knows how old they are: goods that spoil stay locked for good.
CREATE FUNCTION public.stock_lot_is_of_known_age() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT FROM public.stocktake_unlabelled AS u WHERE u.lot = NEW.id)
       AND EXISTS (SELECT FROM public.goods_item AS i WHERE i.id = NEW.item AND i.shelf_life_days IS NOT NULL) THEN
        RAISE EXCEPTION 'nobody knows how old lot % is', NEW.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_lot_is_of_known_age';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stock_lot_is_of_known_age BEFORE UPDATE OF state ON stock_lot FOR EACH ROW
    WHEN (NEW.state = 'open' AND OLD.state <> 'open' AND NEW.source = 'count' AND NEW.expires_on IS NULL)
    EXECUTE FUNCTION public.stock_lot_is_of_known_age();

ALTER TABLE stocktake_unlabelled ENABLE ALWAYS TRIGGER stocktake_unlabelled_stays;
ALTER TABLE stocktake_unlabelled_entry ENABLE ALWAYS TRIGGER stocktake_unlabelled_while_counting;
ALTER TABLE stock_lot ENABLE ALWAYS TRIGGER stock_lot_is_of_known_age;
REVOKE DELETE, TRUNCATE ON stocktake_unlabelled FROM cishan_app;
REVOKE TRUNCATE ON stocktake_unlabelled_entry FROM cishan_app;
