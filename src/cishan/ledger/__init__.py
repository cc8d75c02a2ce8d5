"""The charity's books: funds, accounts, vouchers, balances, statements.

An entry (凭证) has two or more lines, each with its fund, and balances in every fund and unit by itself.
Its key is the money movement (`txn_…`, the row of a command), never the event that told of it: whoever
brings the same movement again gets the same entry back, and who brings another body under the same key is
refused. Facts (a gift, a refund, a dispute, a payout) can always be posted; guards belong to what we decide
(`actions.approve` reads Available of the fund under the fund's lock).

The rules are kept by the database, schema `books` (`migrations/sql/books_*.sql`), which Python can only ask:

- One way in. `books.post_batch`, `books.approve` and `books.reverse` share one writer, run as `books_owner`
  and are all that the application's role may execute; it has no INSERT, UPDATE or DELETE on any table.
- One statement writes entries and lines together (a data-modifying CTE). The statement-level triggers on both
  tables therefore see the whole batch and check it as sets: complete, balanced, accounts of the right fund
  and unit, period open; then they move the balances in the order of account ids, so no two batches can
  deadlock. No check is left to COMMIT, and there are no foreign keys on this path: the triggers are ENABLE
  ALWAYS, which foreign keys are not.
- Append-only for everyone, the owner of the tables included. A mistake is corrected by `actions.reverse`.
- Sealing (`actions.seal`) runs after the fact: it numbers what is committed and unsealed without a gap and
  chains it by SHA-256. An entry that commits late under a low id is sealed later; nothing is skipped.

Accounts are opened by the first posting that names them: (heading, fund, unit, counterparty). A campaign is a
fund of its own under its special fund, so a hot campaign is the only hot row there is. Fees of the payment
channel are borne by the unrestricted fund GEN; Σ 1009 over the funds is the balance of the channel.

`commands.check_books` proves all this on a database at rest, `export` writes the books for beancount,
hledger and a spreadsheet, so that two programs that are not ours can check them too.
"""
