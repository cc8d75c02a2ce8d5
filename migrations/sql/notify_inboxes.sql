-- An inbox is read unread first, then newest first; its unread messages are counted on every page.
CREATE INDEX message_inbox ON message (person, (read_at IS NULL) DESC, created_at DESC, id DESC);
CREATE INDEX message_unread ON message (person) WHERE read_at IS NULL;
CREATE INDEX letter_failed ON letter (closed_at DESC) WHERE state = 'failed';

-- What somebody was told is not told otherwise afterwards; only that it was read may be added, once.
-- (The content may be encrypted anew under another key, and a message may grow too old and go.)
CREATE FUNCTION message_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.id, OLD.key, OLD.person, OLD.event, OLD.language, OLD.created_at)
       IS DISTINCT FROM (NEW.id, NEW.key, NEW.person, NEW.event, NEW.language, NEW.created_at)
       OR (OLD.read_at IS NOT NULL AND NEW.read_at IS DISTINCT FROM OLD.read_at) THEN
        RAISE EXCEPTION 'what was told stays as it was told'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'message_stays';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER message_stays BEFORE UPDATE ON message FOR EACH ROW EXECUTE FUNCTION message_stays();
