-- What checks on one row cannot say of the roles that people were given.

CREATE INDEX role_grant_of_person ON role_grant (person, starts_on) WHERE revoked_at IS NULL;

-- Whether a grant counts on a day. Guards of other tables ask this.
CREATE FUNCTION public.role_grant_is_active(grant_id uuid, on_day date) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM public.role_grant AS g
                    WHERE g.id = grant_id AND g.revoked_at IS NULL
                      AND g.starts_on <= on_day AND (g.ends_on IS NULL OR g.ends_on >= on_day))
$$;

-- Whether a region is the outer one or lies in it: codes say so, as the checks of the tree make sure.
CREATE FUNCTION public.region_covers(outer_code text, inner_code text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT starts_with(inner_code, CASE WHEN outer_code ~ '^[0-9]{4}00$' THEN left(outer_code, 4) ELSE outer_code END)
$$;

-- 会计法: a cashier keeps no books; an auditor writes nothing.
CREATE FUNCTION public.roles_exclude(one text, other text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT one <> other AND ('auditor' IN (one, other)
        OR ('cashier' IN (one, other) AND ('finance_maker' IN (one, other) OR 'finance_checker' IN (one, other))))
$$;

CREATE FUNCTION public.role_grant_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    on_day date := (NEW.granted_at AT TIME ZONE 'Asia/Shanghai')::date;
    other record;
BEGIN
    -- One grant at a time for a person: two that overlap cannot slip past each other.
    PERFORM FROM public.person WHERE id = NEW.person FOR NO KEY UPDATE;
    FOR other IN
        SELECT role, organisation, region FROM public.role_grant
         WHERE person = NEW.person AND revoked_at IS NULL
           AND starts_on <= coalesce(NEW.ends_on, 'infinity') AND NEW.starts_on <= coalesce(ends_on, 'infinity')
    LOOP
        IF (other.role, other.organisation, other.region) = (NEW.role, NEW.organisation, NEW.region) THEN
            RAISE EXCEPTION 'this person holds this post in these days already'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'role_grant_once_at_a_time';
        END IF;
        IF public.roles_exclude(other.role, NEW.role) THEN
            RAISE EXCEPTION 'nobody is % and % at a time', other.role, NEW.role
                USING ERRCODE = 'check_violation', CONSTRAINT = 'role_grant_excludes_another';
        END IF;
    END LOOP;
    IF NOT public.region_covers((SELECT region FROM public.organisation WHERE id = NEW.organisation), NEW.region) THEN
        RAISE EXCEPTION 'region % does not lie in the region of the organisation', NEW.region
            USING ERRCODE = 'check_violation', CONSTRAINT = 'role_grant_lies_in_organisation';
    END IF;
    IF NEW.granted_by IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.role_grant AS own
         WHERE own.person = NEW.granted_by AND own.role = 'administrator'
           AND public.role_grant_is_active(own.id, on_day) AND public.region_covers(own.region, NEW.region)) THEN
        RAISE EXCEPTION 'only an administrator of the region gives posts in it'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'role_grant_by_administrator';
    END IF;
    IF NEW.revoked_at IS NOT NULL THEN
        RAISE EXCEPTION 'a post is not given and taken away at once'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'role_grant_begins_whole';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER role_grant_guard BEFORE INSERT ON public.role_grant
    FOR EACH ROW EXECUTE FUNCTION public.role_grant_guard();

-- What was given stays as it was given: it may end sooner, or be taken away, once.
CREATE FUNCTION public.role_grant_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'posts that were given are kept'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'role_grant_stays';
    END IF;
    IF OLD.revoked_at IS NOT NULL
       OR (OLD.id, OLD.person, OLD.role, OLD.organisation, OLD.region, OLD.starts_on, OLD.reason, OLD.granted_by,
           OLD.granted_at)
          IS DISTINCT FROM
          (NEW.id, NEW.person, NEW.role, NEW.organisation, NEW.region, NEW.starts_on, NEW.reason, NEW.granted_by,
           NEW.granted_at)
       OR (NEW.ends_on IS DISTINCT FROM OLD.ends_on
           AND (NEW.ends_on IS NULL OR (OLD.ends_on IS NOT NULL AND NEW.ends_on > OLD.ends_on))) THEN
        RAISE EXCEPTION 'a post can only end sooner or be taken away'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'role_grant_stays';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER role_grant_stays BEFORE UPDATE OR DELETE ON public.role_grant
    FOR EACH ROW EXECUTE FUNCTION public.role_grant_stays();
CREATE TRIGGER role_grant_is_not_emptied BEFORE TRUNCATE ON public.role_grant
    FOR EACH STATEMENT EXECUTE FUNCTION public.role_grant_stays();
REVOKE DELETE, TRUNCATE ON public.role_grant FROM cishan_app;
