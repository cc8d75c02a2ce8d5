-- Jobs of one key also run one after another: while one runs the next waits for it and does all at once.
CREATE OR REPLACE FUNCTION cishan_defer_once(task_name text, args jsonb, run_at timestamptz, waiting_key text)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM procrastinate_defer_jobs_v1(ARRAY[
        ROW('default', task_name, 0, waiting_key, waiting_key, args, run_at)::procrastinate_job_to_defer_v1
    ]);
    RETURN true;
EXCEPTION
    WHEN unique_violation THEN RETURN false;
END;
$$;

-- A job that is tried again later must not hold up those that came after it: it gives up its turn as its key.
CREATE OR REPLACE FUNCTION cishan_retry_without_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.queueing_lock := NULL;
    NEW.lock := NULL;
    RETURN NEW;
END;
$$;
