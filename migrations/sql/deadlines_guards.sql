-- A thing has one running clock of a kind, and lists are read by what is due first.
CREATE UNIQUE INDEX deadline_clock_runs_once ON deadline_clock (subject_kind, subject_id, code, occurrence)
    WHERE stopped_at IS NULL;
CREATE INDEX deadline_clock_of_subject ON deadline_clock (subject_kind, subject_id);
CREATE INDEX deadline_clock_due ON deadline_clock (due_at) WHERE stopped_at IS NULL;
CREATE UNIQUE INDEX deadline_pause_once_at_a_time ON deadline_pause (clock) WHERE until IS NULL;
CREATE INDEX deadline_escalation_of_clock ON deadline_escalation (clock, position DESC);

-- What a version of a rule counts is fixed as soon as it stands: clocks have begun under it.
CREATE FUNCTION deadline_rule_terms_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.code, OLD.limit_count, OLD.unit, OLD.direction, OLD.repeats, OLD.beyond_months, OLD.effective_from)
       IS DISTINCT FROM
       (NEW.code, NEW.limit_count, NEW.unit, NEW.direction, NEW.repeats, NEW.beyond_months, NEW.effective_from) THEN
        RAISE EXCEPTION 'what deadline % counts from % on is fixed; write a new version', OLD.code, OLD.effective_from
            USING ERRCODE = 'check_violation', CONSTRAINT = 'deadline_rule_terms_stay';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER deadline_rule_terms_stay BEFORE UPDATE ON deadline_rule
    FOR EACH ROW EXECUTE FUNCTION deadline_rule_terms_stay();
REVOKE DELETE, TRUNCATE ON deadline_rule, deadline_escalation FROM cishan_app;
REVOKE UPDATE ON deadline_escalation FROM cishan_app;
