-- What may happen to goods only for the right receiver, or only after an approval: kept by the database too.

-- Goods with a restriction go to nobody who does not fulfil it, and entrusted goods only to whom their giver named.
CREATE FUNCTION public.goods_pick_fits() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE it record;
BEGIN
    SELECT l.number, l.item = g.item AS same, l.restrictions <@ o.tokens AS allowed,
           NOT l.entrusted OR l.source_id IS NOT DISTINCT FROM o.entrusted_to AS named INTO it
      FROM public.goods_order_line AS g JOIN public.goods_order AS o ON o.id = g.goods_order,
           public.stock_lot AS l
     WHERE g.id = NEW.line AND l.id = NEW.lot;
    IF NOT (it.same AND it.allowed AND it.named) THEN
        RAISE EXCEPTION 'lot % is not for this receiver', it.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'goods_pick_fits';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goods_pick_fits BEFORE INSERT OR UPDATE OF line, lot ON goods_pick
    FOR EACH ROW EXECUTE FUNCTION public.goods_pick_fits();

-- Nothing is written off, and no count corrects the stock, before somebody else agreed.
CREATE FUNCTION public.stock_loss_is_approved() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.approval AS a
                    WHERE a.kind IN ('stock_scrap', 'stocktake') AND a.subject_id = NEW.subject_id::text
                      AND a.state = 'done') THEN
        RAISE EXCEPTION '% of % was not approved', NEW.kind, NEW.subject_id USING ERRCODE = 'AP015';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER stock_loss_is_approved AFTER INSERT ON stock_cause DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kind IN ('scrap', 'lose', 'adjust')) EXECUTE FUNCTION public.stock_loss_is_approved();
