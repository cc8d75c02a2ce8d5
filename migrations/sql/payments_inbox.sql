-- What the payment service told us, and what differs between it and the books. None of it depends on plpgsql: a
-- server whose language is broken by an upgrade still takes messages in.
CREATE SCHEMA intake;
GRANT USAGE ON SCHEMA intake TO cishan_app;

-- Of a message only its ids are kept: everything else is asked for again, and the payer's data stay where they are.
CREATE TABLE intake.stripe_event (
    id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^evt_'),
    type text NOT NULL,
    subject text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    api_version text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'done', 'parked')),
    tries integer NOT NULL DEFAULT 0,
    not_before timestamptz NOT NULL DEFAULT now(),
    last_error text NOT NULL DEFAULT '',
    done_at timestamptz,
    CHECK ((state = 'done') = (done_at IS NOT NULL)),
    CHECK (state <> 'parked' OR last_error <> '')
) WITH (fillfactor = 80);
CREATE INDEX stripe_event_waiting ON intake.stripe_event (not_before) WHERE state = 'new';
CREATE INDEX stripe_event_parked ON intake.stripe_event (received_at) WHERE state = 'parked';
CREATE INDEX stripe_event_received ON intake.stripe_event (received_at);

-- Up to where the poller has read the balance transactions: one row.
CREATE TABLE intake.stripe_poll (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    read_until timestamptz NOT NULL
);

CREATE TABLE intake.reconciliation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    movements integer NOT NULL,
    channel_fen bigint NOT NULL,
    books_fen bigint NOT NULL,
    differences integer NOT NULL,
    CHECK (since < until)
);
COMMENT ON COLUMN intake.reconciliation.channel_fen IS 'What the payment service holds for us, pending and available.';

CREATE TABLE intake.difference (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN (
        'missing_in_books', 'missing_at_channel', 'amount', 'payout', 'balance', 'suspense', 'unbooked',
        'parked_event')),
    key text NOT NULL CHECK (key <> ''),
    channel_fen bigint,
    books_fen bigint,
    note text NOT NULL DEFAULT '',
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    gone_at timestamptz
);
CREATE UNIQUE INDEX difference_open ON intake.difference (kind, key) WHERE gone_at IS NULL;

ALTER TABLE donation_movement DROP CONSTRAINT donation_movement_kind;
ALTER TABLE donation_movement ADD CONSTRAINT donation_movement_kind
    CHECK (kind IN ('charge', 'refund', 'refund_failure', 'dispute', 'dispute_reversal', 'fee', 'other'));
CREATE INDEX donation_movement_suspense ON donation_movement (at) WHERE donation IS NULL;

GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA intake TO cishan_app;
