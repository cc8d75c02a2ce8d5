-- A version of a kit that is in force stays as it is; what happened to kits is only ever added to.

CREATE UNIQUE INDEX goods_kit_one_draft ON goods_kit (item) WHERE state = 'draft';
CREATE INDEX goods_kit_part_of ON goods_kit_part (kit, position);

CREATE FUNCTION public.goods_kit_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF OLD.state = 'frozen' THEN
        RAISE EXCEPTION 'version % of a kit is in force and stays as it is', OLD.version
            USING ERRCODE = 'check_violation', CONSTRAINT = 'goods_kit_stays';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    IF (NEW.id, NEW.item, NEW.version) IS DISTINCT FROM (OLD.id, OLD.item, OLD.version) THEN
        RAISE EXCEPTION 'a version of a kit is of one item'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'goods_kit_stays';
    END IF;
    IF NEW.state = 'frozen' AND NOT EXISTS (SELECT FROM public.goods_kit_part AS p WHERE p.kit = NEW.id) THEN
        RAISE EXCEPTION 'a kit has one part at least'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'goods_kit_has_parts';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goods_kit_stays BEFORE UPDATE OR DELETE ON goods_kit
    FOR EACH ROW EXECUTE FUNCTION public.goods_kit_stays();

CREATE FUNCTION public.goods_kit_begins() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF NEW.state <> 'draft' OR NOT EXISTS (SELECT FROM public.goods_item AS i WHERE i.id = NEW.item AND i.is_kit) THEN
        RAISE EXCEPTION 'a version of a kit begins as a draft of an item that is a kit'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'goods_kit_begins';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goods_kit_begins BEFORE INSERT ON goods_kit
    FOR EACH ROW EXECUTE FUNCTION public.goods_kit_begins();

CREATE FUNCTION public.goods_kit_part_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    v_kit record;
BEGIN
    -- The lock keeps the version from coming into force until this part is written.
    SELECT k.state, k.item INTO v_kit FROM public.goods_kit AS k
     WHERE k.id = CASE TG_OP WHEN 'DELETE' THEN OLD.kit ELSE NEW.kit END FOR SHARE;
    IF v_kit.state = 'frozen' OR (TG_OP = 'UPDATE' AND NEW.kit <> OLD.kit) THEN
        RAISE EXCEPTION 'the parts of a kit in force stay as they are'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'goods_kit_stays';
    END IF;
    IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
    IF NEW.item = v_kit.item THEN
        RAISE EXCEPTION 'a kit is no part of itself'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'goods_kit_not_in_itself';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goods_kit_part_stays BEFORE INSERT OR UPDATE OR DELETE ON goods_kit_part
    FOR EACH ROW EXECUTE FUNCTION public.goods_kit_part_stays();

REVOKE TRUNCATE ON goods_kit, goods_kit_part FROM cishan_app;
REVOKE UPDATE, DELETE, TRUNCATE ON goods_assembly, goods_lot_part, goods_lot_split FROM cishan_app;
SELECT audit.watch('goods_kit', 'state', 'kit', '{draft}');

-- What a lot of kits is worth came from its parts, to the last 分.
CREATE FUNCTION public.goods_kit_lot_is_its_parts() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    v_cost bigint;
    v_parts bigint;
BEGIN
    IF NEW.doing <> 'assemble' THEN RETURN NULL; END IF;
    SELECT l.cost_fen INTO v_cost FROM public.stock_lot AS l WHERE l.id = NEW.lot;
    SELECT coalesce(sum(p.value_fen), 0) INTO v_parts FROM public.goods_lot_part AS p WHERE p.kit_lot = NEW.lot;
    IF v_cost <> v_parts THEN
        RAISE EXCEPTION 'kits worth % were put together from parts worth %', v_cost, v_parts
            USING ERRCODE = 'check_violation', CONSTRAINT = 'goods_kit_lot_is_its_parts';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER goods_kit_lot_is_its_parts AFTER INSERT ON goods_assembly DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION public.goods_kit_lot_is_its_parts();

-- A drive goes its way; once somebody is on its list, what it hands out stays.
CREATE FUNCTION public.goods_drive_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
    IF (NEW.id, NEW.number, NEW.organisation) IS DISTINCT FROM (OLD.id, OLD.number, OLD.organisation)
       OR OLD.state <> 'planned' AND (NEW.item, NEW.per_person, NEW.fund_code)
          IS DISTINCT FROM (OLD.item, OLD.per_person, OLD.fund_code) THEN
        RAISE EXCEPTION 'what drive % hands out stays as it was opened', OLD.number
            USING ERRCODE = 'check_violation', CONSTRAINT = 'goods_drive_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goods_drive_stays BEFORE UPDATE ON goods_drive
    FOR EACH ROW EXECUTE FUNCTION public.goods_drive_stays();
REVOKE DELETE, TRUNCATE ON goods_drive FROM cishan_app;
REVOKE TRUNCATE ON goods_drive_site FROM cishan_app;
SELECT audit.watch('goods_drive', 'state', 'drive', '{planned}');

-- Once for each person and drive, by either way to tell them; whoever was struck off may be listed anew.
CREATE UNIQUE INDEX goods_entitlement_once_by_id ON goods_entitlement (drive, id_index) WHERE state <> 'struck';
CREATE UNIQUE INDEX goods_entitlement_once_by_contact ON goods_entitlement (drive, contact_index)
    WHERE state <> 'struck';
CREATE INDEX goods_entitlement_at_site ON goods_entitlement (drive, site, state);

CREATE FUNCTION public.goods_entitlement_turn() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    v_state text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.id, NEW.drive, NEW.number) IS DISTINCT FROM (OLD.id, OLD.drive, OLD.number) THEN
            RAISE EXCEPTION 'slip % is of one person and one drive', OLD.number
                USING ERRCODE = 'check_violation', CONSTRAINT = 'goods_entitlement_stays';
        END IF;
        IF OLD.state IN ('given', 'struck') AND (NEW.state, NEW.order_id, NEW.given_at, NEW.site)
           IS DISTINCT FROM (OLD.state, OLD.order_id, OLD.given_at, OLD.site) THEN
            RAISE EXCEPTION 'slip % is %', OLD.number, OLD.state
                USING ERRCODE = 'check_violation', CONSTRAINT = 'goods_entitlement_given_once';
        END IF;
    ELSIF NEW.state <> 'listed' THEN
        RAISE EXCEPTION 'a turn begins on the list'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'goods_entitlement_begins';
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.state = 'given' AND OLD.state <> 'given' THEN
        -- The lock keeps the drive from being closed meanwhile.
        SELECT d.state INTO v_state FROM public.goods_drive AS d WHERE d.id = NEW.drive FOR SHARE;
        IF v_state <> 'open' THEN
            RAISE EXCEPTION 'the drive of slip % is %', NEW.number, v_state
                USING ERRCODE = 'check_violation', CONSTRAINT = 'goods_entitlement_drive_is_open';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER goods_entitlement_turn BEFORE INSERT OR UPDATE ON goods_entitlement
    FOR EACH ROW EXECUTE FUNCTION public.goods_entitlement_turn();
REVOKE DELETE, TRUNCATE ON goods_entitlement FROM cishan_app;
SELECT audit.watch('goods_entitlement', 'state', 'entitlement', '{listed}');
