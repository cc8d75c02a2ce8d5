"""慈善筹: what a campaign promised when it was filed, what it may do today, and what the public sees of it.

Owns the plan (the fields of 慈善法 art. 24 and Order 74 art. 10), the steps from draft to archive, budget,
platforms, updates with photos, and two projections that slices above keep up to date: the totals of a
campaign and the public list of its gifts. The database itself refuses to publish a plan with a gap; this
slice never learns who a giver is.
"""
