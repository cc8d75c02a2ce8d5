"""What the payment service tells us, and whether our books agree with it.

Its webhooks are only a hurry-up signal: of each, the ids are kept in the inbox (schema `intake`), and what
they are about is asked for again. The poller alone, which reads the service's balance transactions, would
book everything; the nightly reconciliation proves that it did.

Start reading at `payments/actions/draining.py`.
"""
