"""Start the payment sandbox: `python -m paysandbox --help`."""

import argparse
import os
import signal
import socket
import sqlite3
import sys
from dataclasses import replace

import uvicorn

from paysandbox.app import create_app
from paysandbox.config import Config, load, split


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C; return 2 with one sentence when the port is taken."""
    given = _parser().parse_args(argv)
    config = _config(given)
    try:
        listener = _listen(given.host, given.port)
    except OSError as error:
        sys.stderr.write(f"paysandbox: cannot listen on {given.host}:{given.port}: {error.strerror}.\n")
        return 2
    try:
        app = create_app(config)
    except sqlite3.Error as error:
        listener.close()
        sys.stderr.write(f"paysandbox: cannot use the state file {config.state}: {error}.\n")
        return 2
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=2,
        )
    )
    sys.stdout.write(f"Payment sandbox on {config.public_url}, control page {config.public_url}/_sandbox/\n")
    sys.stdout.flush()
    # uvicorn stops on SIGTERM and then raises it again; that second time it shall not kill us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return 0
    finally:
        listener.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="paysandbox", description="A local payment service that speaks Stripe."
    )
    parser.add_argument("--host", default=os.environ.get("PAYSANDBOX_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("PAYSANDBOX_PORT", "12111")))
    parser.add_argument("--state", help="SQLite file that keeps everything (default: memory only)")
    parser.add_argument("--public-url", help="address under which a browser reaches the hosted pages")
    parser.add_argument("--webhook-url", help="where events are sent; several separated by commas")
    parser.add_argument("--webhook-events", help="types of event to send, as patterns: charge.*,invoice.paid")
    parser.add_argument("--webhook-secret", help="signing secret; two separated by a comma during a rotation")
    parser.add_argument("--secret-key", help="the only API key accepted (default: every sk_test_…)")
    parser.add_argument("--merchant", help="name shown on the hosted page")
    parser.add_argument("--seed", help="makes ids and shuffles reproducible")
    return parser


def _config(given: argparse.Namespace) -> Config:
    config = load(os.environ)
    changes: dict[str, object] = {
        "state": given.state,
        "public_url": given.public_url,
        "secret_key": given.secret_key,
        "merchant": given.merchant,
        "seed": given.seed,
        "webhook_urls": split(given.webhook_url) if given.webhook_url else None,
        "webhook_events": split(given.webhook_events) if given.webhook_events else None,
        "webhook_secrets": split(given.webhook_secret) if given.webhook_secret else None,
    }
    if given.public_url is None and "PAYSANDBOX_PUBLIC_URL" not in os.environ:
        changes["public_url"] = f"http://{given.host}:{given.port}"
    return replace(config, **{name: value for name, value in changes.items() if value is not None})  # type: ignore[arg-type]


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError:
        listener.close()
        raise
    return listener


if __name__ == "__main__":
    raise SystemExit(main())
