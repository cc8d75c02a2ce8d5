"""Decisions about gifts; no I/O."""
