"""Second factors, as tests hold them: an authenticator app, and a passkey made of a key in memory."""

import hashlib
import json
import re
import struct
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import cbor2
import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url as write

from cishan.identity.rules import factors as rules
from cishan.kernel import clock

SITE = "http://localhost:8000"
"""Browsers make passkeys for names alone; the site of the tests is called by a number."""


def code(secret: str, *, steps_off: int = 0) -> str:
    """Return what the app shows now, or some half minutes from now."""
    return rules.code_at(secret, rules.step_at(clock.now()) + steps_off)


def typed_key(page: str) -> str:
    """Return the key that a page shows for typing."""
    found = re.search(r'class="typed-key"[^>]*>(.*?)</code>', page, re.S)
    assert found, page
    return "".join(found[1].split())


def hidden(page: str, name: str) -> str:
    """Return the value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return unescape(found[1])


def shown_codes(page: str) -> list[str]:
    """Return the recovery codes of a page."""
    return re.findall(r'<code translate="no">([a-z2-9]{5}-[a-z2-9]{5})</code>', page)


async def add_app(client: httpx.AsyncClient) -> tuple[str, list[str]]:
    """Add an authenticator app to the account that is signed in; return its secret and the recovery codes."""
    with clock.fixed(clock.now()):  # however slow the machine is, the code is that of the step before
        page = (await client.get("/account/security/app")).text
        secret = typed_key(page)
        form = {"code": code(secret, steps_off=-1), "offer": hidden(page, "offer"), "label": "手机"}
        added = await client.post("/account/security/app", data=form)
    assert added.status_code in {200, 303}, added.text
    return secret, shown_codes(added.text)


@dataclass(slots=True)
class Key:
    """A passkey of an authenticator that asks for a finger."""

    verifies: bool = True
    counts: int = 0
    secret: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    id: bytes = b"a key of the tests"

    def make(self, options: dict[str, Any], *, origin: str = SITE) -> str:
        """Answer what the browser was told to make."""
        at = self.secret.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: at.x.to_bytes(32), -3: at.y.to_bytes(32)}
        attested = b"\0" * 16 + struct.pack(">H", len(self.id)) + self.id + cbor2.dumps(public)
        data = self._data(options["rp"]["id"], 0x40) + attested
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client_data = _client_data("webauthn.create", options, origin)
        return self._answer({"clientDataJSON": write(client_data), "attestationObject": write(attestation)})

    def show(self, options: dict[str, Any], *, origin: str = SITE) -> str:
        """Answer a challenge."""
        data = self._data(options["rpId"], 0)
        client_data = _client_data("webauthn.get", options, origin)
        signed = self.secret.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        told = {"clientDataJSON": client_data, "authenticatorData": data, "signature": signed}
        return self._answer({name: write(value) for name, value in told.items()})

    def _data(self, site: str, flags: int) -> bytes:
        present = 0x01 | (0x04 if self.verifies else 0) | flags
        return hashlib.sha256(site.encode()).digest() + bytes([present]) + struct.pack(">I", self.counts)

    def _answer(self, response: dict[str, str]) -> str:
        name = write(self.id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": response})


def _client_data(kind: str, options: dict[str, Any], origin: str) -> bytes:
    return json.dumps({"type": kind, "challenge": options["challenge"], "origin": origin}).encode()


def options_of(page: str) -> dict[str, Any]:
    """Return what a page tells the browser of a passkey."""
    found = re.search(r'data-options="([^"]*)"', page)
    assert found, page
    told: dict[str, Any] = json.loads(unescape(found[1]))
    return told


async def add_key(client: httpx.AsyncClient, key: Key) -> list[str]:
    """Add a passkey to the account that is signed in; return the recovery codes."""
    page = (await client.get("/account/security/passkey")).text
    form = {"answer": key.make(options_of(page)), "label": ""}
    added = await client.post("/account/security/passkey", data=form)
    assert added.status_code in {200, 303}, added.text
    return shown_codes(added.text)
