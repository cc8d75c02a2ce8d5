-- Orders go their way step by step and what they asked for stays; what was signed for stays; nothing is deleted.
CREATE INDEX goods_order_at_site ON goods_order (site, state, requested_at);
CREATE INDEX goods_order_by_day ON goods_order (substr(number, 1, 8));
CREATE INDEX goods_pick_open ON goods_pick (bin, lot) WHERE state IN ('reserved', 'picked', 'missing');
CREATE INDEX goods_scrap_open ON goods_scrap (bin, lot) WHERE state = 'proposed';

CREATE FUNCTION public.goods_order_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (OLD.id, OLD.number, OLD.site, OLD.kind, OLD.batch, OLD.drive, OLD.purpose, OLD.receiver_kind, OLD.tokens, OLD.region,
        OLD.entrusted_to, OLD.requested_by, OLD.requested_at, OLD.request)
       IS DISTINCT FROM (NEW.id, NEW.number, NEW.site, NEW.kind, NEW.batch, NEW.drive, NEW.purpose, NEW.receiver_kind,
        NEW.tokens, NEW.region, NEW.entrusted_to, NEW.requested_by, NEW.requested_at, NEW.request) THEN
        RAISE EXCEPTION 'what order % asks for cannot be changed', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state <> NEW.state AND NOT (OLD.state, NEW.state) IN (
        ('requested', 'reserved'), ('reserved', 'requested'), ('reserved', 'picking'), ('picking', 'packed'),
        ('packed', 'handed_over'), ('handed_over', 'confirmed'), ('requested', 'cancelled'), ('reserved', 'cancelled'),
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
CREATE TRIGGER goods_order_stays BEFORE UPDATE ON goods_order
    FOR EACH ROW EXECUTE FUNCTION public.goods_order_stays();

CREATE FUNCTION public.goods_pick_goes_on() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (OLD.id, OLD.line, OLD.lot, OLD.created_at) IS DISTINCT FROM (NEW.id, NEW.line, NEW.lot, NEW.created_at)
       OR (OLD.quantity <> NEW.quantity AND (OLD.state <> 'reserved' OR NEW.quantity > OLD.quantity))
       OR (OLD.bin <> NEW.bin AND (OLD.state, NEW.state) <> ('reserved', 'picked'))
       OR (OLD.state <> NEW.state AND NOT (OLD.state, NEW.state) IN (
            ('reserved', 'picked'), ('reserved', 'released'), ('reserved', 'missing'), ('picked', 'issued'),
            ('picked', 'released'), ('missing', 'released'), ('reserved', 'issued')))
       OR NEW.returned < OLD.returned THEN
        RAISE EXCEPTION 'pick % does not go from % to %', OLD.id, OLD.state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goods_pick_goes_on BEFORE UPDATE ON goods_pick
    FOR EACH ROW EXECUTE FUNCTION public.goods_pick_goes_on();

CREATE FUNCTION public.goods_handover_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (OLD.id, OLD.goods_order, OLD.at, OLD.handed_by, OLD.acting_role, OLD.second, OLD.signed, OLD.cause, OLD.request)
       IS DISTINCT FROM
       (NEW.id, NEW.goods_order, NEW.at, NEW.handed_by, NEW.acting_role, NEW.second, NEW.signed, NEW.cause, NEW.request)
       OR (OLD.confirmed_at IS NOT NULL AND (OLD.confirmed_at, OLD.confirmed_how, OLD.confirmed_by, OLD.confirm_note, OLD.complaint)
           IS DISTINCT FROM (NEW.confirmed_at, NEW.confirmed_how, NEW.confirmed_by, NEW.confirm_note, NEW.complaint)) THEN
        RAISE EXCEPTION 'a hand-over stays as it was signed' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goods_handover_stays BEFORE UPDATE ON goods_handover
    FOR EACH ROW EXECUTE FUNCTION public.goods_handover_stays();

CREATE FUNCTION public.goods_scrap_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (OLD.id, OLD.number, OLD.site, OLD.lot, OLD.bin, OLD.taken_from, OLD.pick, OLD.quantity, OLD.value_fen, OLD.ground,
        OLD.words, OLD.proposed_by, OLD.witness, OLD.proposed_at, OLD.request)
       IS DISTINCT FROM
       (NEW.id, NEW.number, NEW.site, NEW.lot, NEW.bin, NEW.taken_from, NEW.pick, NEW.quantity, NEW.value_fen, NEW.ground,
        NEW.words, NEW.proposed_by, NEW.witness, NEW.proposed_at, NEW.request)
       OR (OLD.state <> 'proposed' AND OLD.state <> NEW.state) THEN
        RAISE EXCEPTION 'what % proposed stays', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goods_scrap_stays BEFORE UPDATE ON goods_scrap
    FOR EACH ROW EXECUTE FUNCTION public.goods_scrap_stays();

CREATE TRIGGER goods_order_line_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON goods_order_line
    FOR EACH STATEMENT EXECUTE FUNCTION public.stock_is_append_only();
CREATE TRIGGER goods_return_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON goods_return
    FOR EACH STATEMENT EXECUTE FUNCTION public.stock_is_append_only();
CREATE TRIGGER goods_list_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON goods_list
    FOR EACH STATEMENT EXECUTE FUNCTION public.stock_is_append_only();
REVOKE DELETE, TRUNCATE ON goods_list, goods_order, goods_order_line, goods_pick, goods_handover, goods_return, goods_scrap
    FROM cishan_app;
REVOKE UPDATE ON goods_list, goods_order_line, goods_return FROM cishan_app;

SELECT audit.watch('goods_order', 'state', 'goods_order', '{requested}');
SELECT audit.watch('goods_scrap', 'state', 'goods_scrap', '{proposed}');
