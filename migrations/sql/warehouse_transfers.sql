-- A transfer goes forwards only, its lines are what was sent, and every difference has been said and explained.

CREATE INDEX stock_transfer_open ON stock_transfer (state) WHERE state IN ('draft', 'sent', 'incomplete');

CREATE FUNCTION public.stock_transfer_goes_on() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (NEW.id, NEW.number, NEW.source, NEW.target, NEW.created_by, NEW.created_at)
       IS DISTINCT FROM (OLD.id, OLD.number, OLD.source, OLD.target, OLD.created_by, OLD.created_at)
       OR (OLD.sent_at IS NOT NULL AND (NEW.sent_at, NEW.sent_by) IS DISTINCT FROM (OLD.sent_at, OLD.sent_by))
       OR (OLD.received_at IS NOT NULL
           AND (NEW.received_at, NEW.received_by) IS DISTINCT FROM (OLD.received_at, OLD.received_by))
       OR NOT (NEW.state = OLD.state OR (OLD.state, NEW.state) IN (
            ('draft', 'sent'), ('draft', 'cancelled'), ('sent', 'incomplete'), ('sent', 'received'),
            ('incomplete', 'received'))) THEN
        RAISE EXCEPTION 'transfer % does not go from % to %', OLD.number, OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_transfer_goes_on';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stock_transfer_goes_on BEFORE UPDATE ON stock_transfer
    FOR EACH ROW EXECUTE FUNCTION public.stock_transfer_goes_on();

CREATE FUNCTION public.stock_transfer_line_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    v_state text := (SELECT t.state FROM public.stock_transfer AS t
                      WHERE t.id = CASE TG_OP WHEN 'DELETE' THEN OLD.transfer ELSE NEW.transfer END);
    fine boolean;
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        fine := v_state = 'draft' AND (TG_OP = 'DELETE' OR NEW.arrived IS NULL);
    ELSE
        fine := (NEW.id, NEW.transfer, NEW.lot, NEW.bin) IS NOT DISTINCT FROM (OLD.id, OLD.transfer, OLD.lot, OLD.bin)
            AND (NEW.quantity = OLD.quantity OR v_state = 'draft')
            AND ((NEW.arrived, NEW.damaged) IS NOT DISTINCT FROM (OLD.arrived, OLD.damaged)
                 OR (v_state = 'sent' AND OLD.arrived IS NULL))
            AND (NEW.explanation = OLD.explanation OR (v_state = 'sent' AND OLD.arrived IS NULL))
            AND ((NEW.found, NEW.lost) = (OLD.found, OLD.lost)
                 OR (v_state = 'incomplete' AND NEW.found >= OLD.found AND NEW.lost >= OLD.lost));
    END IF;
    IF NOT coalesce(fine, false) THEN
        RAISE EXCEPTION 'a line of a transfer that is % stays as it is', v_state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_transfer_line_stays';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER stock_transfer_line_stays BEFORE INSERT OR UPDATE OR DELETE ON stock_transfer_line
    FOR EACH ROW EXECUTE FUNCTION public.stock_transfer_line_stays();

-- When the transaction ends: something was sent, every line was counted, and what is missing decides the state.
CREATE FUNCTION public.stock_transfer_adds_up() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    t record;
    said record;
    v_id uuid := (to_jsonb(NEW) ->> CASE TG_TABLE_NAME WHEN 'stock_transfer' THEN 'id' ELSE 'transfer' END)::uuid;
BEGIN
    SELECT x.number, x.state INTO t FROM public.stock_transfer AS x WHERE x.id = v_id;
    SELECT count(*) AS lines, count(*) FILTER (WHERE l.arrived IS NULL) AS uncounted,
           coalesce(sum(l.quantity - l.arrived - l.damaged - l.found - l.lost), 0) AS missing INTO said
      FROM public.stock_transfer_line AS l WHERE l.transfer = v_id;
    IF NOT (CASE t.state
        WHEN 'sent' THEN said.lines > 0 AND said.uncounted = said.lines
        WHEN 'incomplete' THEN said.uncounted = 0 AND said.missing > 0
        WHEN 'received' THEN said.uncounted = 0 AND said.missing = 0
        ELSE said.uncounted = said.lines END) THEN
        RAISE EXCEPTION 'transfer % is %: % of % lines not counted, % pieces missing',
            t.number, t.state, said.uncounted, said.lines, said.missing
            USING ERRCODE = 'check_violation', CONSTRAINT = 'stock_transfer_adds_up';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER stock_transfer_adds_up AFTER INSERT OR UPDATE ON stock_transfer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.stock_transfer_adds_up();
CREATE CONSTRAINT TRIGGER stock_transfer_line_adds_up AFTER UPDATE ON stock_transfer_line
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.stock_transfer_adds_up();

REVOKE DELETE, TRUNCATE ON stock_transfer FROM cishan_app;
REVOKE TRUNCATE ON stock_transfer_line FROM cishan_app;

SELECT audit.watch('stock_transfer', 'state', 'transfer', '{draft}');
