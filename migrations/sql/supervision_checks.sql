-- What checks of the history found, kept as long as the history.
CREATE TABLE history_check (
  id uuid PRIMARY KEY,
  asked_at timestamptz NOT NULL,
  asked_by uuid NOT NULL,
  first_place bigint NOT NULL,
  last_place bigint NOT NULL,
  finished_at timestamptz,
  rows_read bigint NOT NULL DEFAULT 0,
  anchors_held integer NOT NULL DEFAULT 0,
  findings jsonb NOT NULL DEFAULT '[]',
  CONSTRAINT history_check_span CHECK (first_place >= 1 AND last_place >= first_place)
);
REVOKE DELETE, TRUNCATE ON history_check FROM cishan_app;
