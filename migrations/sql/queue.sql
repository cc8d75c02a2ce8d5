-- Ask for a job unless one with the same key is waiting; the subtransaction keeps the caller's alive.
CREATE FUNCTION cishan_defer_once(task_name text, args jsonb, run_at timestamptz, waiting_key text)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM procrastinate_defer_jobs_v1(
        ARRAY[ROW('default', task_name, 0, NULL, waiting_key, args, run_at)::procrastinate_job_to_defer_v1]
    );
    RETURN true;
EXCEPTION
    WHEN unique_violation THEN RETURN false;
END;
$$;
