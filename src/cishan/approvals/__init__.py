"""Maker and checker: one person proposes, others check, one more releases.

An approval is a row that never changes and a list of steps that is only ever added to. Which checks an
amount needs, by which roles, whether a council panel must decide it and who releases it stands in
`approval_band`, versioned by day. The database keeps the rules (`migrations/sql/approvals_guards.sql`): a
step is refused with a code of its own if the person has acted before, is a relative of the payee or holds no
such post that day, if it is not that role's turn, or if minutes are missing. `rules.turns` says the same
before the click, and a test holds the two against each other.

Other slices register a `rules.Kind` with what happens when one of theirs is approved or rejected; it runs in
the transaction of the last step.
"""
