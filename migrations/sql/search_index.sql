-- The embedded index: words are cut in the application, so no parser or extension is needed.
CREATE TABLE search_entry (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('campaign', 'update')),
    campaign uuid NOT NULL REFERENCES campaign ON DELETE CASCADE,
    words tsvector NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX search_entry_words ON search_entry USING gin (words);
CREATE INDEX search_entry_campaign ON search_entry (campaign);
