-- Goods that come back, and goods that become kits or stop being kits, are facts of their own in the books.
DO $$ BEGIN
  IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('GRANT books_owner TO %I', current_user);
  END IF;
END $$;
SET LOCAL books.migrating = on;
SET LOCAL ROLE books_owner;
ALTER TABLE books.entry DROP CONSTRAINT kind_is_known;
ALTER TABLE books.entry ADD CONSTRAINT kind_is_known CHECK (kind IN (
    'opening', 'gift', 'refund', 'refund_failed', 'dispute_withdrawn', 'dispute_reinstated', 'dispute_lost',
    'payout', 'payout_failed', 'channel_fee', 'unidentified', 'identified', 'goods_received', 'goods_issued',
    'goods_written_off', 'goods_returned', 'goods_converted', 'agency_in', 'agency_out', 'disbursement_approved',
    'disbursement_sent', 'disbursement_confirmed', 'fund_transfer', 'release', 'close_year', 'manual'));
RESET ROLE;
DO $$ BEGIN
  IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
    EXECUTE format('REVOKE books_owner FROM %I', current_user);
  END IF;
END $$;
