"""Data that a new installation begins with. Each module has an `async def load()` that may run any number
of times.

A module calls actions, never tables, and runs with the rights of the application.
"""

REFERENCE: tuple[str, ...] = ("reference", "deadlines")
"""Modules of this folder that every installation needs, in the order of loading."""

DEMO: tuple[str, ...] = ("demo_staff", "demo_campaigns", "demo_gifts")
"""Modules that fill a demonstration (CISHAN_DEMO=1), loaded after the reference data."""

ACCOUNTS: tuple[tuple[str, str, str], ...] = (("项目部（演示）", "demo-staff", "cishan-demo-2026"),)
"""Role, login and password of the accounts that the demo makes; `cishan up` prints them."""
