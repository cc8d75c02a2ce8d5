-- What the house asks of goods by their dates. A later version is a new row with its own day.
INSERT INTO goods_policy (id, effective_from, source, least_days, least_days_short, short_life_days, food_percent, fresh_days, list_days)
VALUES ('6b1f7a52-0f0b-4d0e-9d52-1510a0000001', '2026-01-01', '本会规定', 180, 90, 180, 60, 90, 7);

CREATE FUNCTION public.goods_record_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER goods_policy_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON goods_policy
    FOR EACH STATEMENT EXECUTE FUNCTION public.goods_record_stays();
CREATE TRIGGER goods_count_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON goods_count
    FOR EACH STATEMENT EXECUTE FUNCTION public.goods_record_stays();
CREATE TRIGGER goods_count_line_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON goods_count_line
    FOR EACH STATEMENT EXECUTE FUNCTION public.goods_record_stays();
CREATE TRIGGER goods_value_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON goods_value
    FOR EACH STATEMENT EXECUTE FUNCTION public.goods_record_stays();
CREATE TRIGGER goods_booking_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON goods_booking
    FOR EACH STATEMENT EXECUTE FUNCTION public.goods_record_stays();
CREATE TRIGGER goods_offer_kept BEFORE DELETE OR TRUNCATE ON goods_offer
    FOR EACH STATEMENT EXECUTE FUNCTION public.goods_record_stays();
CREATE TRIGGER goods_offer_line_kept BEFORE DELETE OR TRUNCATE ON goods_offer_line
    FOR EACH STATEMENT EXECUTE FUNCTION public.goods_record_stays();
CREATE TRIGGER goods_grade_kept BEFORE DELETE OR TRUNCATE ON goods_grade
    FOR EACH STATEMENT EXECUTE FUNCTION public.goods_record_stays();

-- What the giver said of their goods stays as they said it; staff only add what the goods are in the catalogue.
CREATE FUNCTION public.goods_offer_line_is_as_said() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (OLD.offer, OLD.position, OLD.words, OLD.sort, OLD.quantity, OLD.per_pack, OLD.condition, OLD.opened, OLD.verdict)
       IS DISTINCT FROM
       (NEW.offer, NEW.position, NEW.words, NEW.sort, NEW.quantity, NEW.per_pack, NEW.condition, NEW.opened, NEW.verdict)
       OR (OLD.made_on, OLD.life_days, OLD.expires_on) IS DISTINCT FROM (NEW.made_on, NEW.life_days, NEW.expires_on)
       OR (OLD.item IS NOT NULL AND NEW.item IS DISTINCT FROM OLD.item)
       OR (OLD.decision <> 'pending' AND NEW.decision IS DISTINCT FROM OLD.decision)
       OR (OLD.counted IS NOT NULL AND NEW.counted IS DISTINCT FROM OLD.counted) THEN
        RAISE EXCEPTION 'what was said of line % stays', OLD.position USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goods_offer_line_is_as_said BEFORE UPDATE ON goods_offer_line
    FOR EACH ROW EXECUTE FUNCTION public.goods_offer_line_is_as_said();

-- A grade is what it is; the lot that it became is noted once.
CREATE FUNCTION public.goods_grade_takes_its_lot() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF OLD.lot IS NOT NULL OR (OLD.id, OLD.line, OLD.grade, OLD.quantity, OLD.reason, OLD.fate, OLD.person)
       IS DISTINCT FROM (NEW.id, NEW.line, NEW.grade, NEW.quantity, NEW.reason, NEW.fate, NEW.person) THEN
        RAISE EXCEPTION 'a grading is not changed' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goods_grade_takes_its_lot BEFORE UPDATE ON goods_grade
    FOR EACH ROW EXECUTE FUNCTION public.goods_grade_takes_its_lot();

-- Nothing is valued anew once it is in the books.
CREATE FUNCTION public.goods_value_before_booking() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT FROM public.goods_grade AS g JOIN public.goods_offer_line AS l ON l.id = g.line
                 JOIN public.goods_booking AS b ON b.offer = l.offer WHERE g.id = NEW.graded) THEN
        RAISE EXCEPTION 'these goods are in the books' USING ERRCODE = 'GI002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goods_value_before_booking BEFORE INSERT ON goods_value
    FOR EACH ROW EXECUTE FUNCTION public.goods_value_before_booking();

-- Who valued any of the goods does not take them into the books.
CREATE FUNCTION public.goods_booking_by_another() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF EXISTS (SELECT FROM public.goods_value AS v JOIN public.goods_grade AS g ON g.id = v.graded
                 JOIN public.goods_offer_line AS l ON l.id = g.line
                WHERE l.offer = NEW.offer AND v.person = NEW.person) THEN
        RAISE EXCEPTION 'who valued goods does not book them' USING ERRCODE = 'GI001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goods_booking_by_another BEFORE INSERT ON goods_booking
    FOR EACH ROW EXECUTE FUNCTION public.goods_booking_by_another();

SELECT audit.watch('goods_offer', 'state', 'goods_offer');

DO $$
DECLARE
    name text;
BEGIN
    FOR name IN SELECT format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', tgrelid::regclass, tgname)
                  FROM pg_catalog.pg_trigger
                 WHERE NOT tgisinternal AND tgrelid IN ('goods_policy'::regclass, 'goods_offer'::regclass,
                       'goods_offer_line'::regclass, 'goods_count'::regclass, 'goods_count_line'::regclass,
                       'goods_grade'::regclass, 'goods_value'::regclass, 'goods_booking'::regclass) LOOP
        EXECUTE name;
    END LOOP;
    FOREACH name IN ARRAY ARRAY['goods_policy', 'goods_count', 'goods_count_line', 'goods_value', 'goods_booking'] LOOP
        EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM cishan_app', name);
    END LOOP;
    FOREACH name IN ARRAY ARRAY['goods_offer', 'goods_offer_line', 'goods_grade'] LOOP
        EXECUTE format('REVOKE DELETE, TRUNCATE ON %I FROM cishan_app', name);
    END LOOP;
END $$;
