-- What came back lies in quarantine, unless a keeper stated that it is whole and its lot may be handed out. What must
-- be kept cold was out of anybody's sight and never goes back.
CREATE FUNCTION public.goods_return_goes_where_it_may() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM public.stock_bin AS b
          JOIN public.goods_pick AS p ON p.id = NEW.pick
          JOIN public.stock_lot AS l ON l.id = p.lot
          JOIN public.goods_item AS i ON i.id = l.item
         WHERE b.id = NEW.bin AND (b.purpose = 'quarantine' OR (
               b.purpose = 'shelf' AND NOT i.cold_chain AND NEW.condition = 'good' AND NEW.grade <> ''
               AND NEW.grade <= l.grade AND l.state = 'open'
               AND (l.expires_on IS NULL OR l.expires_on >= (NEW.at AT TIME ZONE 'Asia/Shanghai')::date)))) THEN
        RAISE EXCEPTION 'goods that come back go into quarantine' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'goods_return_goes_where_it_may';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goods_return_goes_where_it_may BEFORE INSERT ON goods_return
    FOR EACH ROW EXECUTE FUNCTION public.goods_return_goes_where_it_may();
ALTER TABLE goods_return ENABLE ALWAYS TRIGGER goods_return_goes_where_it_may;
