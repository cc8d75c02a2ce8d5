-- What checks on one row cannot say of posts that are offered.

CREATE INDEX invitation_open ON invitation (region, id DESC) WHERE accepted_at IS NULL AND withdrawn_at IS NULL;

-- An offer is sent anew, taken up or taken back; what was offered stays, and what ended stays ended.
CREATE FUNCTION public.invitation_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'UPDATE' THEN
        RAISE EXCEPTION 'invitations are kept'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invitation_stays';
    END IF;
    -- What is encrypted anew under another key is the same.
    IF to_jsonb(OLD) - ARRAY['name_enc', 'contact_enc'] = to_jsonb(NEW) - ARRAY['name_enc', 'contact_enc'] THEN
        RETURN NEW;
    END IF;
    IF OLD.accepted_at IS NOT NULL OR OLD.withdrawn_at IS NOT NULL OR NEW.turn < OLD.turn
       OR (OLD.id, OLD.channel, OLD.language, OLD.role, OLD.organisation, OLD.region, OLD.starts_on, OLD.ends_on,
           OLD.reason, OLD.invited_by, OLD.invited_at)
          IS DISTINCT FROM
          (NEW.id, NEW.channel, NEW.language, NEW.role, NEW.organisation, NEW.region, NEW.starts_on, NEW.ends_on,
           NEW.reason, NEW.invited_by, NEW.invited_at) THEN
        RAISE EXCEPTION 'an invitation can only be sent anew, accepted or withdrawn'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invitation_stays';
    END IF;
    -- Who takes it up gets the post that was offered, and no other.
    IF NEW.granted IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.role_grant AS g
         WHERE g.id = NEW.granted AND (g.role, g.organisation, g.region, g.starts_on) =
               (NEW.role, NEW.organisation, NEW.region, NEW.starts_on)
           AND g.ends_on IS NOT DISTINCT FROM NEW.ends_on
           AND g.granted_by IS NOT DISTINCT FROM NEW.invited_by) THEN
        RAISE EXCEPTION 'the post that was given is not the one that was offered'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'invitation_grants_what_it_offers';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER invitation_stays BEFORE UPDATE OR DELETE ON public.invitation
    FOR EACH ROW EXECUTE FUNCTION public.invitation_stays();
CREATE TRIGGER invitation_is_not_emptied BEFORE TRUNCATE ON public.invitation
    FOR EACH STATEMENT EXECUTE FUNCTION public.invitation_stays();
REVOKE DELETE, TRUNCATE ON public.invitation FROM cishan_app;
