-- What may happen only after an approval, kept by the database too.
CREATE FUNCTION approval_is_given(p_kind text, p_subject_kind text, p_subject_id text, p_amount_fen bigint)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM public.approval AS a
                    WHERE a.kind = p_kind AND a.subject_kind = p_subject_kind AND a.subject_id = p_subject_id
                      AND a.state = 'done' AND a.amount_fen = p_amount_fen)
$$;

-- A giver undoes alone; every other refund of a request is proposed, checked and released.
CREATE FUNCTION refund_is_approved() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT approval_is_given('refund', 'refund', NEW.id::text, NEW.amount_fen) THEN
        RAISE EXCEPTION 'refund % of % fen was not approved', NEW.id, NEW.amount_fen USING ERRCODE = 'AP015';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER refund_begins_open BEFORE INSERT ON refund_request FOR EACH ROW
    WHEN (NEW.kind = 'request' AND NEW.status NOT IN ('requested', 'refused')) EXECUTE FUNCTION refund_is_approved();
CREATE TRIGGER refund_is_approved BEFORE UPDATE ON refund_request FOR EACH ROW
    WHEN (NEW.kind = 'request' AND OLD.status IN ('requested', 'refused') AND NEW.status NOT IN ('requested', 'refused'))
    EXECUTE FUNCTION refund_is_approved();
CREATE TRIGGER refund_stays_of_its_kind BEFORE UPDATE ON refund_request FOR EACH ROW
    WHEN ((OLD.kind, OLD.donation) IS DISTINCT FROM (NEW.kind, NEW.donation)
          OR (OLD.status NOT IN ('requested', 'refused') AND OLD.amount_fen <> NEW.amount_fen))
    EXECUTE FUNCTION approval_refuse();
ALTER TABLE refund_request ENABLE ALWAYS TRIGGER refund_begins_open;
ALTER TABLE refund_request ENABLE ALWAYS TRIGGER refund_is_approved;
ALTER TABLE refund_request ENABLE ALWAYS TRIGGER refund_stays_of_its_kind;

-- Money leaves suspense for a gift only after an approval; whose it was said to be stays.
CREATE FUNCTION movement_is_identified() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT (approval_is_given('suspense', 'suspense', OLD.txn_id, OLD.amount_fen)
            OR approval_is_given('suspense_unclaimed', 'suspense', OLD.txn_id, OLD.amount_fen)) THEN
        RAISE EXCEPTION 'whose movement % is was not approved', OLD.txn_id USING ERRCODE = 'AP015';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER movement_is_identified BEFORE UPDATE ON donation_movement FOR EACH ROW
    WHEN (OLD.donation IS DISTINCT FROM NEW.donation) EXECUTE FUNCTION movement_is_identified();
ALTER TABLE donation_movement ENABLE ALWAYS TRIGGER movement_is_identified;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON suspense_claim
    FOR EACH STATEMENT EXECUTE FUNCTION approval_refuse();
ALTER TABLE suspense_claim ENABLE ALWAYS TRIGGER append_only;
REVOKE UPDATE, DELETE, TRUNCATE ON suspense_claim FROM cishan_app;
