"""Letters to people: written in the transaction of their cause, delivered by the worker.

A letter's key makes it one: a job that runs twice writes it once. What stands in it is encrypted at rest and
forgotten a month after it went out. Where no mail server is configured, letters stay on the outbox page.
"""
