-- Maker and checker, kept by the database. Every refusal has a code of its own (AP…), which the action turns into
-- words beside the field. A step locks its approval, so two people at once act one after the other.

ALTER TABLE approval ADD CONSTRAINT approval_follows_one FOREIGN KEY (previous) REFERENCES approval (id);
CREATE UNIQUE INDEX approval_once_per_subject ON approval (kind, subject_kind, subject_id)
    WHERE state IN ('draft', 'checking', 'panel', 'releasing', 'done');
CREATE INDEX approval_of_band ON approval (band);  -- Piccolo would call it like the table of bands
CREATE INDEX approval_of_subject ON approval (kind, subject_kind, subject_id, round DESC);
CREATE INDEX approval_waiting ON approval USING gin (waits_for) WHERE state IN ('checking', 'panel', 'releasing');
CREATE INDEX approval_by_state ON approval (state, created_at DESC, id DESC);
CREATE UNIQUE INDEX approval_step_once_per_person ON approval_step (approval, person) WHERE stage <> 'withdraw';

-- The payee themselves, whom a person declared to be bound to, and who declared it of that person.
CREATE FUNCTION approval_is_related(p_person uuid, p_payee uuid, p_uscc text, p_contact bytea, p_day date)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce(p_person = p_payee, false) OR EXISTS (
        SELECT FROM public.related_party AS r
         WHERE r.since <= p_day AND coalesce(r.until, p_day) >= p_day
           AND ((r.person = p_person AND (r.related_person = p_payee OR r.contact_index = p_contact
                                          OR (p_uscc <> '' AND r.uscc = p_uscc)))
                OR (r.person = p_payee AND r.related_person = p_person)))
$$;

-- The band, the round and the round before are not for the writer to choose.
CREATE FUNCTION approval_begins() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    day date := (NEW.created_at AT TIME ZONE 'Asia/Shanghai')::date;
    before record;
BEGIN
    NEW.band := (
        SELECT b.id FROM approval_band AS b
         WHERE b.kind = NEW.kind AND b.from_fen <= NEW.amount_fen
           AND b.effective_from <= day AND coalesce(b.effective_to, day) >= day
         ORDER BY b.from_fen DESC, b.effective_from DESC LIMIT 1);
    IF NEW.band IS NULL THEN
        RAISE EXCEPTION 'no band of % takes % fen on %', NEW.kind, NEW.amount_fen, day USING ERRCODE = 'AP011';
    END IF;
    SELECT a.id, a.round, a.state INTO before FROM approval AS a
     WHERE a.kind = NEW.kind AND a.subject_kind = NEW.subject_kind AND a.subject_id = NEW.subject_id
     ORDER BY a.round DESC LIMIT 1;
    IF before.state NOT IN ('returned', 'rejected', 'withdrawn') THEN
        RAISE EXCEPTION '% % is before its checkers, or approved', NEW.subject_kind, NEW.subject_id
            USING ERRCODE = 'AP010';
    END IF;
    NEW.previous := before.id;
    NEW.round := coalesce(before.round, 0) + 1;
    NEW.state := 'draft';
    NEW.waits_for := '{}';
    RETURN NEW;
END $$;
CREATE TRIGGER approval_begins BEFORE INSERT ON approval FOR EACH ROW EXECUTE FUNCTION approval_begins();

CREATE FUNCTION approval_step_is_due(p_stage text, p_state text) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE p_stage WHEN 'propose' THEN p_state = 'draft' WHEN 'check' THEN p_state = 'checking'
                        WHEN 'panel' THEN p_state = 'panel' WHEN 'release' THEN p_state = 'releasing'
                        ELSE p_state <> 'draft' END
$$;

CREATE FUNCTION approval_step_taken() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    a approval;
    b approval_band;
    held record;
    said record;
    day date := (NEW.at AT TIME ZONE 'Asia/Shanghai')::date;
    asked varchar[];
    place int;
BEGIN
    SELECT * INTO a FROM approval WHERE id = NEW.approval FOR NO KEY UPDATE;
    IF a.id IS NULL OR a.state IN ('done', 'returned', 'rejected', 'withdrawn') THEN
        RAISE EXCEPTION 'approval % is closed', NEW.approval USING ERRCODE = 'AP006';
    END IF;
    SELECT * INTO b FROM approval_band WHERE id = a.band;
    SELECT coalesce(max(s.position), 0) AS steps, max(s.at) AS last_at,
           count(*) FILTER (WHERE s.stage = 'check' AND s.decision = 'pass') AS checks,
           bool_or(s.person = ANY (NEW.participants || NEW.person) OR s.participants && (NEW.participants || NEW.person)) AS acted,
           bool_or(s.stage = 'propose' AND s.person = NEW.person) AS is_maker
      INTO said FROM approval_step AS s WHERE s.approval = a.id;
    IF NEW.stage = 'withdraw' THEN
        IF NOT said.is_maker THEN
            RAISE EXCEPTION 'only its maker withdraws an approval' USING ERRCODE = 'AP009';
        END IF;
    ELSIF said.acted THEN
        RAISE EXCEPTION 'nobody acts twice in approval %', a.id USING ERRCODE = 'AP001';
    END IF;
    IF NOT approval_step_is_due(NEW.stage, a.state) THEN
        RAISE EXCEPTION '% is not due while approval % is %', NEW.stage, a.id, a.state USING ERRCODE = 'AP007';
    END IF;
    IF NEW.at < said.last_at THEN
        RAISE EXCEPTION 'a step cannot lie before the one before it' USING ERRCODE = 'AP012';
    END IF;

    asked := CASE WHEN NEW.stage IN ('propose', 'withdraw') THEN b.propose_roles ELSE a.waits_for END;
    SELECT g.person, g.role, g.organisation, g.region INTO held FROM role_grant AS g WHERE g.id = NEW.role_grant;
    IF held.person IS DISTINCT FROM NEW.person OR NOT role_grant_is_active(NEW.role_grant, day) THEN
        RAISE EXCEPTION 'grant % is not active for this person on %', NEW.role_grant, day USING ERRCODE = 'AP003';
    END IF;
    IF held.role <> NEW.acting_role OR NOT held.role = ANY (asked) THEN
        RAISE EXCEPTION 'this step asks for one of %, not for %', asked, held.role USING ERRCODE = 'AP004';
    END IF;
    IF held.organisation <> a.organisation OR NOT region_covers(held.region, a.region) THEN
        RAISE EXCEPTION 'the grant is of another organisation or region' USING ERRCODE = 'AP005';
    END IF;
    IF NEW.stage <> 'withdraw' AND EXISTS (
        SELECT FROM unnest(NEW.participants || NEW.person) AS p (id)
         WHERE approval_is_related(p.id, a.payee_person, a.payee_uscc, a.payee_contact_index, day)) THEN
        RAISE EXCEPTION 'somebody is related to the payee' USING ERRCODE = 'AP002';
    END IF;
    IF NEW.stage = 'panel' THEN
        IF NEW.minutes_file IS NULL THEN
            RAISE EXCEPTION 'a panel decides with minutes' USING ERRCODE = 'AP008';
        END IF;
        IF cardinality(NEW.participants) < b.panel_present OR NOT NEW.person = ANY (NEW.participants)
           OR cardinality(NEW.participants) <> (
               SELECT count(DISTINCT g.person) FROM role_grant AS g
                WHERE g.person = ANY (NEW.participants) AND g.role = b.panel_role
                  AND g.organisation = a.organisation AND role_grant_is_active(g.id, day)) THEN
            RAISE EXCEPTION 'a panel is % members of the role %, its recorder among them', b.panel_present, b.panel_role
                USING ERRCODE = 'AP013';
        END IF;
    END IF;

    NEW.position := said.steps + 1;
    NEW.from_state := a.state;
    NEW.waits_for := '{}';
    IF NEW.stage = 'withdraw' THEN
        NEW.to_state := 'withdrawn';
    ELSIF NEW.decision <> 'pass' THEN
        NEW.to_state := CASE NEW.decision WHEN 'return' THEN 'returned' ELSE 'rejected' END;
    ELSIF NEW.stage = 'propose' THEN
        NEW.to_state := 'checking';
        NEW.waits_for := b.check_roles;
    ELSE
        IF NEW.stage = 'check' THEN
            place := array_position(a.waits_for, NEW.acting_role);
            NEW.waits_for := a.waits_for[:place - 1] || a.waits_for[place + 1:];
        END IF;
        IF cardinality(NEW.waits_for) > 0 THEN
            NEW.to_state := 'checking';
        ELSIF NEW.stage = 'check' AND b.panel_present > 0 THEN
            NEW.to_state := 'panel';
            NEW.waits_for := ARRAY[b.panel_role];
        ELSIF NEW.stage <> 'release' AND b.release_role <> '' THEN
            NEW.to_state := 'releasing';
            NEW.waits_for := ARRAY[b.release_role];
        ELSE
            NEW.to_state := 'done';
        END IF;
        IF NEW.to_state IN ('releasing', 'done')
           AND said.checks + (NEW.stage = 'check')::int < cardinality(b.check_roles) THEN
            RAISE EXCEPTION 'approval % has not the checks that its band asks for', a.id USING ERRCODE = 'AP007';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approval_step_taken BEFORE INSERT ON approval_step
    FOR EACH ROW EXECUTE FUNCTION approval_step_taken();

CREATE FUNCTION approval_moves() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE approval SET state = NEW.to_state, waits_for = NEW.waits_for WHERE id = NEW.approval;
    RETURN NULL;
END $$;
CREATE TRIGGER approval_moves AFTER INSERT ON approval_step FOR EACH ROW EXECUTE FUNCTION approval_moves();

-- What was proposed stays; the state is what the last step says. (Encrypted columns change when keys are rotated.)
CREATE FUNCTION approval_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (OLD.id, OLD.kind, OLD.subject_kind, OLD.subject_id, OLD.title, OLD.amount_fen, OLD.band, OLD.payee_person,
        OLD.payee_uscc, OLD.organisation, OLD.region, OLD.facts, OLD.round, OLD.previous, OLD.created_at)
       IS DISTINCT FROM
       (NEW.id, NEW.kind, NEW.subject_kind, NEW.subject_id, NEW.title, NEW.amount_fen, NEW.band, NEW.payee_person,
        NEW.payee_uscc, NEW.organisation, NEW.region, NEW.facts, NEW.round, NEW.previous, NEW.created_at)
       OR (OLD.payee_contact_enc IS NULL) <> (NEW.payee_contact_enc IS NULL) THEN
        RAISE EXCEPTION 'what approval % is about cannot be changed', OLD.id USING ERRCODE = 'AP000';
    END IF;
    IF (NEW.state, NEW.waits_for) IS DISTINCT FROM (OLD.state, OLD.waits_for)
       AND NOT EXISTS (
           SELECT FROM approval_step AS s
            WHERE s.approval = NEW.id AND (s.to_state, s.waits_for) = (NEW.state, NEW.waits_for)
              AND s.position = (SELECT max(l.position) FROM approval_step AS l WHERE l.approval = NEW.id)) THEN
        RAISE EXCEPTION 'approval % stands where its last step put it', OLD.id USING ERRCODE = 'AP000';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approval_stays BEFORE UPDATE ON approval FOR EACH ROW EXECUTE FUNCTION approval_stays();

-- A relation that was declared is not taken back; it ends on a day.
CREATE FUNCTION related_party_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (OLD.id, OLD.person, OLD.relation, OLD.related_person, OLD.uscc, OLD.since, OLD.declared_at)
       IS DISTINCT FROM (NEW.id, NEW.person, NEW.relation, NEW.related_person, NEW.uscc, NEW.since, NEW.declared_at)
       OR (OLD.until IS DISTINCT FROM NEW.until AND OLD.until IS NOT NULL)
       OR (OLD.contact_enc IS NULL) <> (NEW.contact_enc IS NULL) THEN
        RAISE EXCEPTION 'a declared relation can only be ended, once' USING ERRCODE = 'AP000';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER related_party_stays BEFORE UPDATE ON related_party
    FOR EACH ROW EXECUTE FUNCTION related_party_stays();

CREATE FUNCTION approval_band_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (OLD.id, OLD.kind, OLD.from_fen, OLD.propose_roles, OLD.check_roles, OLD.panel_role, OLD.panel_present,
        OLD.release_role, OLD.effective_from)
       IS DISTINCT FROM (NEW.id, NEW.kind, NEW.from_fen, NEW.propose_roles, NEW.check_roles, NEW.panel_role,
        NEW.panel_present, NEW.release_role, NEW.effective_from) THEN
        RAISE EXCEPTION 'what a band asks for is fixed; write a new version' USING ERRCODE = 'AP000';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approval_band_stays BEFORE UPDATE ON approval_band
    FOR EACH ROW EXECUTE FUNCTION approval_band_stays();

CREATE FUNCTION approval_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'AP000';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON approval_step
    FOR EACH STATEMENT EXECUTE FUNCTION approval_refuse();
SELECT audit.watch('approval', 'state', 'approval', '{draft}');
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['approval', 'approval_band', 'related_party'] LOOP
        EXECUTE format('CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON %I
                        FOR EACH STATEMENT EXECUTE FUNCTION approval_refuse()', name);
        EXECUTE format('REVOKE DELETE, TRUNCATE ON %I FROM cishan_app', name);
    END LOOP;
    FOR name IN SELECT format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', tgrelid::regclass, tgname)
                  FROM pg_catalog.pg_trigger
                 WHERE NOT tgisinternal AND tgrelid IN ('approval'::regclass, 'approval_step'::regclass,
                       'approval_band'::regclass, 'related_party'::regclass) LOOP
        EXECUTE name;
    END LOOP;
END $$;
REVOKE UPDATE, DELETE, TRUNCATE ON approval_step FROM cishan_app;
