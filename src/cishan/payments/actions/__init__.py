"""Taking messages in, working them off, polling, payouts and reconciliation."""

from cishan.payments.actions.draining import drain, drain_once
from cishan.payments.actions.inbox import receive, replay
from cishan.payments.actions.polling import poll
from cishan.payments.actions.reconciling import reconcile

__all__ = ["drain", "drain_once", "poll", "receive", "reconcile", "replay"]
