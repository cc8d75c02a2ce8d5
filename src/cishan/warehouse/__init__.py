"""爱心仓库: goods that were given, where they lie, and to whom they went.

Stock is postings. Every change of what lies where is a row of `stock_move` under one `stock_cause`; only the
database function `stock_post` writes them, keeps the balances equal to their sums, and refuses what must not
happen: less than nothing, more than is available, goods that are expired, quarantined or recalled. What goods
are worth stands in the books under the same cause: a commit in which the two differ is refused.

What was booked wrongly is reversed (冲销入库, `actions/reversals.py`): all lots of the receipt go back out,
once, after somebody else agreed; the books mirror their entry, and the offer goes on from where it was right.

Everything that moves goods calls `actions/stock.py::post`; nothing else does.

Locks are taken in one order by everybody, or two would wait for each other: the key of a form (`alone`), the
document (offer, transfer, stocktake, write-off), orders by id, their picks, the choice of goods at a site
(`actions/stock.py::lock_items`), lots by id. Who begins with lots and takes promises of them back calls
`actions/taking_back.py::hold` first.
"""
