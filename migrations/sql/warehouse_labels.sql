-- A label is bound once and retired once; what it was bound to stays, or old boxes would change their contents.
CREATE FUNCTION stock_label_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF (NEW.id, NEW.code, NEW.printed_at, NEW.printed_by) IS DISTINCT FROM
     (OLD.id, OLD.code, OLD.printed_at, OLD.printed_by)
     OR OLD.bound_at IS NOT NULL AND (NEW.lot, NEW.bin, NEW.bound_at, NEW.bound_by, NEW.replaces)
        IS DISTINCT FROM (OLD.lot, OLD.bin, OLD.bound_at, OLD.bound_by, OLD.replaces)
     OR OLD.retired_at IS NOT NULL THEN
    RAISE EXCEPTION 'a label is bound once and retired once' USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER stock_label_guard BEFORE UPDATE ON stock_label
  FOR EACH ROW EXECUTE FUNCTION stock_label_guard();

REVOKE DELETE, TRUNCATE ON stock_label FROM cishan_app;
