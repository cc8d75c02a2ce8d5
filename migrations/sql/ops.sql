-- A job that is tried again gives up its waiting key: another with the same key may be waiting by now, and the
-- unique index on waiting keys would refuse the retry and leave the job 'doing' for ever.
CREATE FUNCTION cishan_retry_without_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.queueing_lock := NULL;
    RETURN NEW;
END;
$$;

CREATE TRIGGER cishan_retry_without_key BEFORE UPDATE OF status ON procrastinate_jobs
    FOR EACH ROW WHEN (OLD.status = 'doing' AND NEW.status = 'todo' AND OLD.queueing_lock IS NOT NULL)
    EXECUTE FUNCTION cishan_retry_without_key();

-- Which seed was loaded in which version, so that a start need not load it again.
CREATE TABLE seed_run (
    name text PRIMARY KEY,
    digest text NOT NULL,
    loaded_at timestamptz NOT NULL DEFAULT now()
);
