"""One sandbox: its memory, its clock, its ids, its calendar of things to come, its outgoing events."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from paysandbox.config import API_VERSION, Config, Json
from paysandbox.errors import Refusal, no_such
from paysandbox.shapes.money import event
from paysandbox.store import Store

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DAY = 86_400

Job = Callable[["World", Json], None]
JOBS: dict[str, Job] = {}


def job(name: str) -> Callable[[Job], Job]:
    """Register a function that the calendar may call by name, with a JSON argument."""

    def register(function: Job) -> Job:
        JOBS[name] = function
        return function

    return register


@dataclass(frozen=True)
class Caller:
    """The API request that causes events; a person at the hosted page or the clock has neither field."""

    request_id: str | None = None
    idempotency_key: str | None = None


class World:
    """Everything one sandbox knows. All changes happen inside `transaction()`."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.store = Store(config.state)
        self.caller = Caller()
        self.on_event: Callable[[World, Json], None] | None = None
        self.wake: Callable[[], None] = lambda: None
        self._inside: int | None = None
        self._requests = 0
        self._load()

    def _load(self) -> None:
        seed = self.config.seed or self.store.setting("seed")
        self.seed = seed or hashlib.blake2b(str(time.time_ns()).encode(), digest_size=8).hexdigest()
        self.store.set("seed", self.seed)
        self._drawn = int(self.store.setting("drawn") or 0)
        self._read_clock()

    # --- clock -----------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """The sandbox's time in seconds since 1970."""
        if self._inside is not None:
            return self._inside
        if self._frozen is not None:
            return self._frozen
        return int(time.time()) + self._offset

    def _read_clock(self) -> None:
        self._offset = int(self.store.setting("clock_offset") or 0)
        frozen = self.store.setting("frozen_at")
        self._frozen = int(frozen) if frozen else self.config.frozen_at

    def move_clock(self, seconds: int) -> None:
        """Set the clock forward; what falls due is done by `catch_up`."""
        if self._frozen is not None:
            self._frozen += seconds
            self.store.set("frozen_at", str(self._frozen))
        else:
            self._offset += seconds
            self.store.set("clock_offset", str(self._offset))

    def later(self, seconds: int, name: str, **args: object) -> None:
        """Put a job into the calendar, to run when the clock has moved on by `seconds`."""
        self.store.run(
            "INSERT INTO due (at, job, args) VALUES (?, ?, ?)", self.now + seconds, name, json.dumps(args)
        )

    def next_due(self) -> int | None:
        """Return when the calendar's next job is due."""
        rows = self.store.rows("SELECT min(at) FROM due")
        return None if rows[0][0] is None else int(str(rows[0][0]))

    def catch_up(self, *, limit: int = 100_000) -> int:
        """Do everything that is due, each at its own time, and return how many jobs ran."""
        done = 0
        until = self.now
        while done < limit:
            row = self.store.run(
                "SELECT seq, at, job, args FROM due WHERE at <= ? ORDER BY at, seq LIMIT 1", until
            ).fetchone()
            if row is None:
                break
            self.store.run("DELETE FROM due WHERE seq = ?", row[0])
            before, caller = self._inside, self.caller
            self._inside = row[1] if before is None else max(before, row[1])
            self.caller = Caller()
            try:
                JOBS[row[2]](self, json.loads(row[3]))
            finally:
                self._inside, self.caller = before, caller
            done += 1
        return done

    def forget(self, *, tables: Sequence[str], seed: object = None) -> None:
        """Empty the tables, put the clock back and begin the ids anew."""
        for table in tables:
            self.store.run(f"DELETE FROM {table}")
        self.store.run("DELETE FROM setting WHERE name <> 'seed'")
        if seed is not None:
            self.seed = str(seed)
            self.store.set("seed", self.seed)
        self._drawn = 0
        self._read_clock()

    def catch_up_if_due(self) -> None:
        """Do what is due, in a transaction of its own."""
        due = self.next_due()
        if due is not None and due <= self.now:
            with self.transaction():
                self.catch_up()

    # --- ids -------------------------------------------------------------------------------------

    def draw(self, size: int = 24) -> str:
        """Return the next reproducible random word."""
        self._drawn += 1
        digest = hashlib.blake2b(f"{self.seed}:{self._drawn}".encode(), digest_size=64).digest()
        number = int.from_bytes(digest, "big")
        letters = []
        for _ in range(size):
            number, rest = divmod(number, 62)
            letters.append(ALPHABET[rest])
        return "".join(letters)

    def draw_number(self, below: int) -> int:
        """Return the next reproducible random number from 0 to below - 1."""
        self._drawn += 1
        digest = hashlib.blake2b(f"{self.seed}:{self._drawn}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % below

    def request_id(self) -> str:
        """Return the next request id; it does not shift the ids of objects."""
        self._requests += 1
        digest = hashlib.blake2b(f"{self.seed}:request:{self._requests}".encode(), digest_size=7)
        return f"req_{digest.hexdigest()}"

    def new_id(self, prefix: str, size: int = 24) -> str:
        """Return a fresh id such as `ch_1f…`."""
        return f"{prefix}_{self.draw(size)}"

    # --- memory ----------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what happens inside, or nothing; a `Refusal` with `keep` commits and is raised on."""
        drawn = self._drawn
        self.store.run("BEGIN IMMEDIATE")
        try:
            yield
        except Refusal as refusal:
            if refusal.keep:
                self._commit(drawn)
            else:
                self._roll_back(drawn)
            raise
        except BaseException:
            self._roll_back(drawn)
            raise
        self._commit(drawn)

    def _commit(self, drawn: int) -> None:
        if self._drawn != drawn:
            self.store.set("drawn", str(self._drawn))
        self.store.run("COMMIT")
        self.wake()

    def _roll_back(self, drawn: int) -> None:
        self.store.run("ROLLBACK")
        self._drawn = drawn
        self._read_clock()

    def add(self, thing: Json) -> Json:
        """Store a new object and return it."""
        self.store.insert(thing)
        return thing

    def save(self, thing: Json) -> Json:
        """Store an object's new state and return it."""
        self.store.save(thing)
        return thing

    def need(self, kind: str, id: str, param: str = "id") -> Json:
        """Return an object that must exist and be of the kind, else refuse as Stripe does."""
        found = self.store.get(id)
        if found is None or found["object"] != kind:
            raise no_such(kind, id, param)
        return found

    # --- events ----------------------------------------------------------------------------------

    def emit(self, type: str, thing: Json, *, changed: Json | None = None) -> None:
        """Record an event with the thing as it now is, and hand it to delivery."""
        data: Json = {"object": public(thing)}
        if changed is not None:
            data["previous_attributes"] = changed
        notice = event(
            id=self.new_id("evt"),
            created=self.now,
            type=type,
            data=data,
            api_version=API_VERSION,
            request={"id": self.caller.request_id, "idempotency_key": self.caller.idempotency_key},
        )
        self.add(notice)
        if self.on_event is not None:
            self.on_event(self, notice)

    @contextmanager
    def called_by(self, request_id: str, idempotency_key: str | None) -> Iterator[None]:
        """Name the API request that causes the events of the block."""
        self.caller = Caller(request_id, idempotency_key)
        try:
            yield
        finally:
            self.caller = Caller()


def public(thing: Json) -> Json:
    """Return an object without its hidden part."""
    return {key: value for key, value in thing.items() if key != "_"}


def hidden(thing: Json) -> Json:
    """Return an object's hidden part, made if need be; save the object after changing it."""
    part: Json = thing.setdefault("_", {})
    return part
