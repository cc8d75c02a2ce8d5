"""A payment sandbox in a process of its own, for the tests that kill the others. Arguments: port."""

import sys

import uvicorn

from paysandbox.app import create_app
from paysandbox.config import Config

if __name__ == "__main__":
    port = int(sys.argv[1])
    # Without an address to send to, the webhooks wait to be fetched: the test delivers them itself.
    uvicorn.run(create_app(Config(seed="kill")), host="127.0.0.1", port=port, log_level="error")
