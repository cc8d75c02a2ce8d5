"""Keeps one file in a process of its own, for the test that lets it die in the middle."""

import asyncio
import os
from uuid import UUID

from cishan import gateways, settings
from cishan.files.actions import keep
from tests.files import making

if __name__ == "__main__":
    gateways.use(settings.load(os.environ))
    thing = UUID(os.environ["THING"])
    asyncio.run(keep(making.minutes(), owner_kind=making.KIND, owner_id=thing, purpose="minutes", by=None))
