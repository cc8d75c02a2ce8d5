"""The platform as it runs: site, worker and payment sandbox as processes on free loopback ports."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cishan.bench import load
from cishan.gateways.stripe.events import WANTED
from cishan.ops.starting import CannotRun
from cishan.settings import ROOT, SANDBOX_WEBHOOK_SECRET

READY_WITHIN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Town:
    """Where the processes listen."""

    site: str
    sandbox: str

    async def tell_sandbox(self, command: str, **given: object) -> Any:
        """Give the payment sandbox a command and return its answer."""
        body = json.dumps(given).encode()
        status, answer = await load.ask(f"{self.sandbox}/_sandbox/{command}", body)
        if status != 200:
            raise CannotRun(f"the payment sandbox refused {command}: {status} {answer[:200].decode()}")
        return json.loads(answer)


@asynccontextmanager
async def town(url: str, folder: Path, *, only_site: bool = False) -> AsyncIterator[Town]:
    """Run the processes on the database until the block ends; their logs lie in the folder."""
    site_port, sandbox_port = _free_port(), _free_port()
    made = Town(f"http://127.0.0.1:{site_port}", f"http://127.0.0.1:{sandbox_port}")
    environ = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("STRIPE_", "PAYSANDBOX_"))},
        "DATABASE_URL": url,
        "CISHAN_DATA": str(folder),
        "CISHAN_DEMO": "1",
        "STRIPE_API_BASE": made.sandbox,
        "STRIPE_WEBHOOK_SECRET": SANDBOX_WEBHOOK_SECRET,
        "PORT": str(site_port),
        "PUBLIC_URL": made.site,
        "LOG_FORMAT": "json",
    }
    commands = {"web": ["-m", "cishan.cli", "web"]}
    if not only_site:
        commands["worker"] = ["-m", "cishan.cli", "worker"]
        # Without an address to send to, its webhooks wait to be fetched: the bench delivers them itself.
        wanted = ["--webhook-events", ",".join(WANTED)]
        commands["sandbox"] = ["-m", "paysandbox", "--port", str(sandbox_port), *wanted]
    running = []
    try:
        for name, words in commands.items():
            with (folder / f"{name}.log").open("ab") as log:
                running.append(
                    await asyncio.create_subprocess_exec(
                        sys.executable, *words, cwd=ROOT, env=environ, stdout=log, stderr=log
                    )
                )
        for address in [
            f"{made.site}/health/ready",
            *([] if only_site else [f"{made.sandbox}/_sandbox/state"]),
        ]:
            await _answers(address)
        yield made
    finally:
        for process in running:
            if process.returncode is None:
                process.terminate()
        for process in running:
            try:
                await asyncio.wait_for(process.wait(), 15)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _answers(url: str) -> None:
    for _ in range(int(READY_WITHIN_SECONDS / 0.1)):
        try:
            if (await load.ask(url))[0] == 200:
                return
        except OSError:
            pass
        await asyncio.sleep(0.1)
    raise CannotRun(f"{url} did not become ready in {READY_WITHIN_SECONDS:.0f} s.")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
