-- The two families of roles and the application's own two. Roles belong to the whole cluster while
-- databases come and go beside each other, so every step may find its work already done.

CREATE FUNCTION pg_temp.ensure_role(p_name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = p_name) THEN
    EXECUTE format('CREATE ROLE %I NOLOGIN', p_name);
  END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
  NULL;  -- another database of this cluster was quicker
END $$;

CREATE FUNCTION pg_temp.ensure_member(p_group text, p_member text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  FOR attempt IN 1..20 LOOP
    IF EXISTS (SELECT FROM pg_catalog.pg_auth_members
                WHERE roleid = to_regrole(p_group) AND member = to_regrole(p_member)) THEN
      RETURN;
    END IF;
    BEGIN
      EXECUTE format('GRANT %I TO %I', p_group, p_member);
      RETURN;
    EXCEPTION WHEN unique_violation OR internal_error THEN
      PERFORM pg_sleep(0.05);  -- "tuple concurrently updated" comes as internal_error
    END;
  END LOOP;
  RAISE EXCEPTION 'could not make % a member of %', p_member, p_group;
END $$;

SELECT pg_temp.ensure_role(name) FROM unnest(ARRAY[
  'books_owner', 'books_poster', 'books_reader', 'books_closer', 'books_sealer', 'books_auditor',
  'benefits_owner', 'benefits_poster', 'benefits_reader',
  'cishan_app', 'cishan_benefits']) AS name;

SELECT pg_temp.ensure_member(family, 'cishan_app')
  FROM unnest(ARRAY['books_poster', 'books_reader', 'books_closer', 'books_sealer']) AS family;
SELECT pg_temp.ensure_member(family, 'cishan_benefits')
  FROM unnest(ARRAY['benefits_poster', 'benefits_reader']) AS family;
SELECT pg_temp.ensure_member('books_reader', 'books_auditor');

-- Whoever migrates must be able to act as the owners until the end of this migration. A superuser can.
DO $$ BEGIN
  IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('GRANT books_owner, benefits_owner TO %I', current_user);
  END IF;
END $$;
CREATE SCHEMA books AUTHORIZATION books_owner;
CREATE SCHEMA benefits AUTHORIZATION benefits_owner;
REVOKE ALL ON SCHEMA books, benefits FROM PUBLIC;
