-- The register of state benefits has its own schema, owner and roles. It is empty for now; the wall stands:
-- nothing here may see the books, and no role of one family belongs to the other (check-books proves it).
SET LOCAL ROLE benefits_owner;
GRANT USAGE ON SCHEMA benefits TO benefits_poster, benefits_reader;
COMMENT ON SCHEMA benefits IS 'State benefits (a mirror, no accounts): never joined with books.';
RESET ROLE;
