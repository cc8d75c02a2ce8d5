-- The line of a transfer that a write-off is of stays like everything else that was proposed.
CREATE OR REPLACE FUNCTION public.goods_scrap_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (OLD.id, OLD.number, OLD.site, OLD.lot, OLD.bin, OLD.taken_from, OLD.pick, OLD.transfer_line, OLD.quantity,
        OLD.value_fen, OLD.ground, OLD.words, OLD.proposed_by, OLD.witness, OLD.proposed_at, OLD.request)
       IS DISTINCT FROM
       (NEW.id, NEW.number, NEW.site, NEW.lot, NEW.bin, NEW.taken_from, NEW.pick, NEW.transfer_line, NEW.quantity,
        NEW.value_fen, NEW.ground, NEW.words, NEW.proposed_by, NEW.witness, NEW.proposed_at, NEW.request)
       OR (OLD.state <> 'proposed' AND OLD.state <> NEW.state) THEN
        RAISE EXCEPTION 'what % proposed stays', OLD.number USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
