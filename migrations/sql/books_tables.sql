-- The charity's books. Amounts are whole minor units (分), + debit and - credit, |x| <= 10^15.
-- There is no foreign key on the way of a posting: the statement triggers of books_guards.sql check the same
-- relations for a whole batch at once, and unlike foreign keys they also hold under
-- session_replication_role = replica.
SET LOCAL ROLE books_owner;
SET LOCAL search_path = books, pg_catalog;

CREATE TABLE unit (
  code text COLLATE "C" PRIMARY KEY CHECK (code ~ '^[A-Z][A-Za-z0-9:._-]{1,39}$'),
  kind text NOT NULL CHECK (kind IN ('currency', 'goods')),
  scale smallint NOT NULL CHECK (scale BETWEEN 0 AND 6)
);
COMMENT ON TABLE unit IS 'What is counted: currencies in minor units, goods in pieces.';

CREATE TABLE gl (
  code text COLLATE "C" PRIMARY KEY CHECK (code ~ '^[0-9]{4,8}$'),
  name_zh text NOT NULL,
  name_en text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('asset', 'liability', 'net_asset', 'revenue', 'expense')),
  guard smallint NOT NULL DEFAULT 0 CHECK (guard IN (-1, 0, 1)),
  code_before_2026 text,
  UNIQUE (code, kind)
);
COMMENT ON COLUMN gl.guard IS '+1: accounts of this heading are never credit-heavy; -1: never debit-heavy.';

CREATE TABLE fund (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  code text COLLATE "C" NOT NULL UNIQUE CHECK (code ~ '^[A-Z][A-Za-z0-9._-]{1,63}$'),
  name text NOT NULL CHECK (name <> ''),
  parent_code text COLLATE "C" REFERENCES fund (code),
  restriction text NOT NULL CHECK (restriction IN ('unrestricted', 'restricted', 'agency')),
  opened_on date NOT NULL,
  closed_on date CHECK (closed_on >= opened_on),
  CHECK (parent_code <> code),
  UNIQUE (id, restriction)
);
COMMENT ON COLUMN fund.parent_code IS 'The special fund into which statements roll up a campaign.';

CREATE TABLE account (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  gl_code text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  fund_id int NOT NULL,
  restriction text NOT NULL,
  unit text COLLATE "C" NOT NULL REFERENCES unit,
  counterparty text COLLATE "C" NOT NULL DEFAULT '' CHECK (length(counterparty) <= 80),
  guard smallint NOT NULL DEFAULT 0 CHECK (guard IN (-1, 0, 1)),
  FOREIGN KEY (gl_code, kind) REFERENCES gl (code, kind),
  FOREIGN KEY (fund_id, restriction) REFERENCES fund (id, restriction),
  CONSTRAINT agency_money_is_never_income CHECK (restriction <> 'agency' OR kind IN ('asset', 'liability')),
  CONSTRAINT free_income_is_unrestricted CHECK (restriction = 'unrestricted' OR gl_code !~ '^4[0-9]{3}01$'),
  CONSTRAINT bound_income_is_restricted CHECK (restriction = 'restricted' OR gl_code !~ '^4[0-9]{3}02$'),
  UNIQUE (gl_code, fund_id, unit, counterparty)
);
COMMENT ON TABLE account IS 'A heading of one fund in one unit with one counterparty (bank, channel, payee, lot).';

CREATE TABLE approval (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subject text COLLATE "C" NOT NULL UNIQUE,
  body_hash bytea NOT NULL,
  maker text NOT NULL CHECK (maker <> ''),
  checker text NOT NULL CHECK (checker <> ''),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT maker_is_not_checker CHECK (maker <> checker),
  UNIQUE (id, body_hash)
);

CREATE TABLE entry (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  n_lines smallint NOT NULL CHECK (n_lines BETWEEN 2 AND 1000),
  kind text COLLATE "C" NOT NULL CONSTRAINT kind_is_known CHECK (kind IN (
    'opening', 'gift', 'refund', 'refund_failed', 'dispute_withdrawn', 'dispute_reinstated', 'dispute_lost',
    'payout', 'payout_failed', 'channel_fee', 'unidentified', 'identified', 'goods_received', 'goods_issued',
    'goods_written_off', 'agency_in', 'agency_out', 'disbursement_approved', 'disbursement_sent',
    'disbursement_confirmed', 'fund_transfer', 'release', 'close_year', 'manual')),
  effective_date date NOT NULL CHECK (effective_date BETWEEN '2000-01-01' AND '2199-12-31'),
  source text COLLATE "C" NOT NULL CHECK (source <> ''),
  source_key text COLLATE "C" NOT NULL CHECK (source_key <> ''),
  request_hash bytea NOT NULL,
  reverses bigint REFERENCES entry,
  approval_id bigint,
  memo text NOT NULL DEFAULT '',
  posted_by text NOT NULL DEFAULT session_user,
  posted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  txid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
  CONSTRAINT entry_once_per_movement UNIQUE (source, source_key),
  CONSTRAINT reverses_an_earlier_entry CHECK (reverses < id),
  CONSTRAINT approved_body_is_posted_body FOREIGN KEY (approval_id, request_hash) REFERENCES approval (id, body_hash),
  CONSTRAINT own_decisions_need_approval CHECK (
    kind NOT IN ('disbursement_approved', 'fund_transfer') OR approval_id IS NOT NULL OR reverses IS NOT NULL)
);
CREATE UNIQUE INDEX entry_reversed_once ON entry (reverses) WHERE reverses IS NOT NULL;
CREATE UNIQUE INDEX approval_posts_once ON entry (approval_id) WHERE approval_id IS NOT NULL;
CREATE INDEX entry_by_txid ON entry USING brin (txid) WITH (pages_per_range = 16);
COMMENT ON COLUMN entry.source_key IS 'The money movement (txn_…, the row of a command), never the event that told of it.';
COMMENT ON COLUMN entry.txid IS 'Lets the sealer skip what is sealed already; never decides what is sealed.';

CREATE TABLE line (
  entry_id bigint NOT NULL,
  line_no smallint NOT NULL,
  account_id bigint NOT NULL,
  fund_id int NOT NULL,
  unit text COLLATE "C" NOT NULL,
  amount bigint NOT NULL CONSTRAINT amount_is_sane CHECK (
    amount <> 0 AND amount BETWEEN -1000000000000000 AND 1000000000000000),
  PRIMARY KEY (entry_id, line_no)
);
CREATE INDEX line_by_account ON line (account_id, entry_id);

CREATE TABLE balance (
  account_id bigint PRIMARY KEY,
  guard smallint NOT NULL,
  debits bigint NOT NULL DEFAULT 0 CHECK (debits >= 0),
  credits bigint NOT NULL DEFAULT 0 CHECK (credits >= 0),
  n bigint NOT NULL DEFAULT 0,
  CONSTRAINT no_overdraft CHECK (guard = 0 OR (debits - credits) * guard >= 0)
) WITH (fillfactor = 50);

CREATE TABLE period (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  span daterange NOT NULL CHECK (NOT isempty(span) AND NOT lower_inf(span) AND NOT upper_inf(span)),
  status text NOT NULL CHECK (status IN ('open', 'closed')),
  tb_hash bytea,
  CHECK (status = 'open' OR tb_hash IS NOT NULL),
  CONSTRAINT periods_do_not_overlap EXCLUDE USING gist (span WITH &&)
);
COMMENT ON TABLE period IS 'A day that lies in no row is open.';

CREATE TABLE period_log (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  period_id int NOT NULL REFERENCES period,
  status text NOT NULL,
  tb_hash bytea,
  actor text NOT NULL CHECK (actor <> ''),
  reason text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE block (
  no bigint PRIMARY KEY CHECK (no > 0),
  first_voucher bigint NOT NULL UNIQUE,
  n int NOT NULL CHECK (n > 0),
  prev bytea NOT NULL,
  hash bytea NOT NULL,
  horizon bigint NOT NULL,
  sealed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE seal (
  entry_id bigint PRIMARY KEY REFERENCES entry,
  block_no bigint NOT NULL REFERENCES block,
  voucher_no bigint NOT NULL UNIQUE CHECK (voucher_no > 0)
);
CREATE INDEX seal_by_block ON seal (block_no);

RESET ROLE;
