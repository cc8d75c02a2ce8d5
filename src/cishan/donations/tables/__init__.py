"""What gifts, monthly plans, refunds and receipts may be."""
