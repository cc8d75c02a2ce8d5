"""The staff account of a demonstration; it opens nothing when CISHAN_DEMO=0."""

from cishan.identity.actions import accounts as actions
from seeds import ACCOUNTS


async def load() -> None:
    for role, username, password in ACCOUNTS:
        await actions.create_account(username=username, display_name=role, password=password, is_demo=True)
