"""The sandbox as a process of its own: started, killed, restarted, slow, silent, delivering."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

Json = dict[str, Any]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until(condition: Callable[[], bool], what: str) -> None:
    """Poll for at most a minute: the machine may be busy with other tests."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.02)


class Receiver:
    """An endpoint that notes what it gets and answers as told."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.answers: list[int] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outer.got.append((self.headers["stripe-signature"], body))
                self.send_response(outer.answers.pop(0) if outer.answers else 200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def events(self) -> list[Json]:
        """Return the events received so far, each with a signature that was checked."""
        for signature, body in self.got:
            stripe.Webhook.construct_event(body, signature, "whsec_process")
        return [json.loads(body) for _, body in self.got]

    def close(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Process:
    """A sandbox on its own port with its own state file."""

    def __init__(self, folder: Path, webhook_url: str) -> None:
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.command = [sys.executable, "-m", "paysandbox", "--port", str(self.port), "--state"]
        self.command += [str(folder / "state.sqlite"), "--webhook-url", webhook_url]
        self.command += ["--webhook-secret", "whsec_process"]
        self.api = stripe.StripeClient("sk_test_1", base_addresses={"api": self.url}, max_network_retries=0)
        self.control = httpx.Client(base_url=self.url, trust_env=False)
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.DEVNULL, env={**os.environ})
        _until(self.answers, "the sandbox answers")

    def answers(self) -> bool:
        try:
            return self.control.get("/_sandbox/state").status_code == 200
        except httpx.TransportError:
            return False

    def post(self, path: str, /, **given: Any) -> Json:
        answer = self.control.post(f"/_sandbox/{path}", json=given)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    def stop(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=30)

    def is_quiet(self) -> bool:
        """Say whether every delivery has come to its end."""
        states = self.control.get("/_sandbox/state").json()["deliveries"]
        return not {"pending", "sending"} & set(states)

    def begin_anew(self) -> None:
        """Give the next test an empty sandbox that runs."""
        if self.process.poll() is not None:
            self.start()
        self.post("deliveries/flush")
        _until(self.is_quiet, "all deliveries end")
        self.post("reset")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Process, Receiver]]:
    """One process for all tests of this module: starting Python costs more than most of them."""
    receiver = Receiver()
    made = Process(tmp_path_factory.mktemp("sandbox"), receiver.url)
    yield made, receiver
    if made.process.poll() is None:
        made.stop(signal.SIGKILL)
    made.control.close()
    receiver.close()


@pytest.fixture
def process(shared: tuple[Process, Receiver]) -> Process:
    process, receiver = shared
    process.begin_anew()
    receiver.got.clear()
    receiver.answers.clear()
    return process


@pytest.fixture
def receiver(shared: tuple[Process, Receiver]) -> Receiver:
    return shared[1]


@pytest.fixture(autouse=True)
def _close_the_sdks_connections() -> Iterator[None]:
    yield
    client = stripe.default_http_client
    if client is not None:
        client.close()  # type: ignore[no-untyped-call]


def test_it_keeps_everything_when_it_is_killed_and_delivers_what_was_left(
    process: Process, receiver: Receiver
) -> None:
    process.post("deliveries/hold", on=True)
    process.post("gifts", count=10, metadata={"gift": "{n}"})
    assert process.stop(signal.SIGKILL) == -signal.SIGKILL
    assert receiver.got == []
    process.start()
    intents = process.api.v1.payment_intents.list({"limit": 100})
    assert [intent.status for intent in intents.data] == ["succeeded"] * 10
    assert process.control.get("/_sandbox/check").json() == {"ok": True, "faults": []}
    process.post("deliveries/release", order="shuffle")
    _until(lambda: len(receiver.got) == 10 * 6, "all webhooks arrive")
    assert len({event["id"] for event in receiver.events()}) == 10 * 6


def test_a_refused_webhook_is_sent_again_later(process: Process, receiver: Receiver) -> None:
    receiver.answers = [500]
    process.api.v1.customers.create({"email": "a@example.com"})
    _until(lambda: len(receiver.got) == 1, "the first attempt")

    def waits() -> bool:
        return bool(process.control.get("/_sandbox/state").json()["deliveries"] == {"pending": 1})

    _until(waits, "the retry is planned")
    assert len(process.api.v1.events.list({"delivery_success": False}).data) == 1
    process.post("clock", seconds=5)
    _until(lambda: len(receiver.got) == 2, "the second attempt")
    first, second = receiver.events()
    assert first["id"] == second["id"]
    _until(lambda: process.api.v1.events.list({"delivery_success": False}).data == [], "delivered at last")


def test_a_delayed_webhook_waits_for_the_clock(process: Process, receiver: Receiver) -> None:
    process.post("faults", kind="delay", type="customer.created", seconds=3_600)
    process.api.v1.customers.create({"email": "a@example.com"})
    process.api.v1.products.create({"name": "x"})
    _until(lambda: len(receiver.got) == 1, "the event that is not delayed")
    assert receiver.events()[0]["type"] == "product.created"
    process.post("deliveries/flush")
    _until(lambda: len(receiver.got) == 2, "the delayed event")


def test_held_webhooks_are_released_in_the_order_given(process: Process, receiver: Receiver) -> None:
    process.post("deliveries/hold", on=True)
    for name in ("a", "b", "c"):
        process.api.v1.products.create({"name": name})
    held = process.control.get("/_sandbox/deliveries", params={"state": "held"}).json()["deliveries"]
    ids = [one["id"] for one in held]
    for id in (ids[2], ids[0], ids[2], ids[1]):
        before = len(receiver.got)
        process.post("deliveries/release", ids=[id])
        _until(lambda before=before: len(receiver.got) == before + 1, "one delivery")  # type: ignore[misc]
    assert [event["data"]["object"]["name"] for event in receiver.events()] == ["c", "a", "c", "b"]


def test_an_answer_that_never_comes_after_the_effect_is_replayed_by_its_key(process: Process) -> None:
    process.post("faults", place="request", kind="timeout_after_commit", path="/v1/customers", seconds=0.1)
    with pytest.raises(stripe.APIConnectionError):
        process.api.v1.customers.create({"email": "a@example.com"}, {"idempotency_key": "k"})
    again = process.api.v1.customers.create({"email": "a@example.com"}, {"idempotency_key": "k"})
    assert [one.id for one in process.api.v1.customers.list().data] == [again.id]


def test_an_answer_that_never_comes_before_the_effect_left_nothing(process: Process) -> None:
    process.post("faults", place="request", kind="timeout_before", path="/v1/customers", seconds=0.1)
    with pytest.raises(stripe.APIConnectionError):
        process.api.v1.customers.create({"email": "a@example.com"}, {"idempotency_key": "k"})
    assert process.api.v1.customers.list().data == []


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_in_the_middle_of_its_deliveries(
    process: Process, receiver: Receiver, how: signal.Signals
) -> None:
    process.post("gifts", count=10)
    _until(lambda: len(receiver.got) > 0, "deliveries have begun")
    assert process.stop(how) == 0


def test_a_state_file_has_one_owner(process: Process) -> None:
    command = [str(_free_port()) if part == str(process.port) else part for part in process.command]
    second = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 2
    assert second.stderr.startswith("paysandbox: cannot use the state file ")
    assert second.stderr.endswith(": database is locked.\n")


def test_a_taken_port_is_explained_in_one_sentence(process: Process) -> None:
    second = subprocess.run(process.command, capture_output=True, text=True, timeout=60, check=False)
    assert second.returncode == 2
    assert (
        second.stderr == f"paysandbox: cannot listen on 127.0.0.1:{process.port}: Address already in use.\n"
    )
