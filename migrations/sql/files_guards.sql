-- Files are read by their thing; a file that was removed is out of the way.
CREATE INDEX stored_file_of_owner ON stored_file (owner_kind, owner_id, purpose, id) WHERE removed_at IS NULL;

-- What was sent stays as it was sent. A file is removed once; its name may be encrypted anew under another key.
CREATE FUNCTION stored_file_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF (NEW.id, NEW.storage_key, NEW.sha256, NEW.media_type, NEW.size_bytes, NEW.owner_kind, NEW.owner_id, NEW.purpose,
        NEW.public, NEW.uploaded_at)
       IS DISTINCT FROM
       (OLD.id, OLD.storage_key, OLD.sha256, OLD.media_type, OLD.size_bytes, OLD.owner_kind, OLD.owner_id, OLD.purpose,
        OLD.public, OLD.uploaded_at)
       OR (NEW.width, NEW.height, NEW.uploaded_by) IS DISTINCT FROM (OLD.width, OLD.height, OLD.uploaded_by) THEN
        RAISE EXCEPTION 'what is known of file % stays as it is', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'stored_file_stays';
    END IF;
    IF OLD.removed_at IS NOT NULL AND (NEW.removed_at, NEW.removed_by, NEW.removed_reason)
       IS DISTINCT FROM (OLD.removed_at, OLD.removed_by, OLD.removed_reason) THEN
        RAISE EXCEPTION 'file % was removed already', OLD.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'stored_file_is_removed_once';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER stored_file_stays BEFORE UPDATE ON stored_file FOR EACH ROW EXECUTE FUNCTION stored_file_stays();
REVOKE DELETE, TRUNCATE ON stored_file FROM cishan_app;
