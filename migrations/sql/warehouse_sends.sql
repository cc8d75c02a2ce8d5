-- What leaves a site for another one may be handed out: a lot that is open and not past its last day, out of a bin
-- that is no quarantine. On the way it would lie among goods that nobody looks at.
CREATE FUNCTION public.stock_send_is_usable() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    bad record;
    -- As in stock_post: a day told too early does not make expired goods fresh.
    v_day date := greatest((NEW.at AT TIME ZONE 'Asia/Shanghai')::date, (now() AT TIME ZONE 'Asia/Shanghai')::date);
BEGIN
    SELECT l.number, l.state, l.expires_on, b.code, (l.state <> 'open' OR coalesce(l.expires_on < v_day, false)) AS unusable
      INTO bad
      FROM public.stock_move AS m JOIN public.stock_lot AS l ON l.id = m.lot JOIN public.stock_bin AS b ON b.id = m.bin
     WHERE m.cause = NEW.id AND m.on_hand < 0
       AND (l.state <> 'open' OR l.expires_on < v_day OR b.purpose = 'quarantine')
     ORDER BY l.number, b.code LIMIT 1;
    IF FOUND AND bad.unusable THEN
        RAISE EXCEPTION 'lot % is not usable', bad.number USING ERRCODE = 'ST001',
            DETAIL = json_build_object('lot', bad.number, 'state', bad.state, 'expires_on', bad.expires_on);
    ELSIF FOUND THEN
        RAISE EXCEPTION '% is no place for that', bad.code USING ERRCODE = 'ST004',
            DETAIL = json_build_object('bin', bad.code);
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER stock_send_is_usable AFTER INSERT ON stock_cause DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kind = 'send') EXECUTE FUNCTION public.stock_send_is_usable();
