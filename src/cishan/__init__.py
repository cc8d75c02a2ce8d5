"""慈善筹 (Cishan): charity crowdfunding and volunteer matching for a charity federation.

The map. Slices stand on floors and only look down; import-linter holds them to it (pyproject.toml).

    main.py  worker.py  cli.py  ops/      composition roots: web, queue, terminal
    portal/                               home, standing pages, display and language, sitemap
    console/                              the staff desk: what waits, lists and exports, pages of things
    supervision/                          the history in words and its proof, who looked at whose data
    payments/  search/  disclosure/       the payment inbox, reconciliation; the index; open books
    donations/                            gifts, monthly giving, refunds, receipts, the trail of a gift
    warehouse/                            爱心仓库: goods in and out by lot, kits, drives, stocktakes, recalls
    campaigns/                            慈善筹: campaigns, their updates, progress and public gifts
    ledger/                               the charity's books: funds, accounts, vouchers, statements
    approvals/                            maker and checker: bands by amount, steps, panels, related parties
    notify/                               letters to people
    deadlines/                            clocks of the law and of the house, working days, escalation
    files/                                what people send: photos, scans, PDFs, sheets, and who may read them
    identity/                             people, accounts, sign-in; regions, organisations
    audit/                                append-only history of transitions and of sensitive reads
    gateways/                             every door to another machine
    plumbing/                             I/O without domain: database, queue, forms, pages, PDF
    settings.py  kernel/                  settings; values without I/O

The rooms of a slice, each optional: rules (decides, no I/O) < tables < queries (SQL in, frozen views out) <
actions (the only writers; one transaction each) < forms < pages, jobs, commands. A room that outgrows its
reader becomes a folder of the same name, split by noun.

Walk: what happens when a donation is paid.
`payments/pages.py` takes the webhook's raw body, `gateways/stripe/events.py` checks its signature, and
`payments/actions/inbox.py` keeps the event, once, and asks for a drain. In the worker
`payments/actions/draining.py` takes a batch of events; `payments/actions/fetching.py` asks the payment
service what is true now of what they speak of; then one transaction lets `donations/actions/settling.py`
bring the gifts in line and `ledger/actions.py` post one batch of vouchers through `books.post_batch`, and
marks the events. After that `donations/jobs/giving.py` refreshes the campaign's totals and public gifts,
and `donations/jobs/receipts.py` issues the receipt and thanks by letter (`notify/actions/__init__.py`,
`gateways/mail.py`). A webhook that never comes is made good by `payments/actions/polling.py`;
`payments/actions/reconciling.py` proves every night that nothing is missing.

Walk: what happens when somebody gives.
`donations/pages/giving.py` shows the amount, then the facts and the answers to check
(`donations/actions/drafts.py`); `donations/actions/giving.py` writes the gift and
`gateways/stripe/checkout.py` opens the hosted checkout; the giver comes back to their secret link
(`donations/pages/trail.py`), which says 确认中 until the walk above has run.

Walk: what happens when goods move.
Whatever moves goods calls `warehouse/actions/stock.py`, which asks the database's one writer of stock
(`stock_post`, as it stands in `migrations/sql/warehouse_reversals.sql`). It locks the lots, refuses what is
expired, recalled, being counted or not there, keeps the balances, and says what the goods are worth; the
entries of `ledger/rules/goods.py` book the same, lot for lot, or the transaction is not committed.

Walk: what happens when one proposes and others check.
`identity/guards.py` opens every page by the one table of `identity/rules/permissions.py`. A proposal
(`donations/actions/refund_approvals.py`, say) calls `approvals/actions.py`, which writes each step; the
triggers of `migrations/sql/approvals_guards.sql` choose the band, refuse the same person twice, relatives,
ended posts and the wrong role, and say what the proposal waits for next. `approvals/telling.py` writes to
those who may decide, `deadlines/actions/__init__.py` starts their clock, `audit/actions.py` keeps the step in
the history. The last step calls what the kind of approval registered (`Kind.on_approved`) in the same
transaction.
"""

import os

os.environ.setdefault("PICCOLO_CONF", "cishan.piccolo_conf")
