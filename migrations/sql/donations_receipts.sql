-- Receipts are numbered without gaps and never change: the database sees to both, whoever writes.
CREATE FUNCTION receipt_takes_next_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.serial <> (SELECT last_serial FROM receipt_series WHERE series = NEW.series AND year = NEW.year)
       OR (NEW.serial > 1 AND NOT EXISTS (
               SELECT FROM receipt
                WHERE series = NEW.series AND year = NEW.year AND serial = NEW.serial - 1)) THEN
        RAISE EXCEPTION 'receipt % does not follow the last number of its series', NEW.number;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER receipt_next_number BEFORE INSERT ON receipt
    FOR EACH ROW EXECUTE FUNCTION receipt_takes_next_number();

CREATE FUNCTION receipt_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The fiscal receipt's code and number may be noted once, when staff have issued it.
    IF TG_OP = 'UPDATE' AND OLD.fiscal_number IS NULL
       AND to_jsonb(NEW) - 'fiscal_code' - 'fiscal_number' = to_jsonb(OLD) - 'fiscal_code' - 'fiscal_number' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'receipt % is issued: it cannot be changed, only reversed', OLD.number;
END $$;

CREATE TRIGGER receipt_append_only BEFORE UPDATE OR DELETE ON receipt
    FOR EACH ROW EXECUTE FUNCTION receipt_never_changes();

CREATE FUNCTION receipt_never_emptied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'receipts cannot be removed';
END $$;

CREATE TRIGGER receipt_never_truncated BEFORE TRUNCATE ON receipt
    FOR EACH STATEMENT EXECUTE FUNCTION receipt_never_emptied();

CREATE FUNCTION receipt_series_goes_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.series, NEW.year) <> (OLD.series, OLD.year)
       OR NEW.last_serial <> OLD.last_serial + 1 THEN
        RAISE EXCEPTION 'a series of receipts only takes its next number';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER receipt_series_append_only BEFORE UPDATE OR DELETE ON receipt_series
    FOR EACH ROW EXECUTE FUNCTION receipt_series_goes_up();
