"""What stands in the way of a start is said in one sentence."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cishan import settings
from cishan.ops import starting
from cishan.ops.starting import CannotRun
from cishan.settings import ROOT


def cishan(*words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "cishan.cli", *words],
        cwd=ROOT,
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def test_a_taken_port_is_named_with_the_setting(taken: int, tmp_path: Path) -> None:
    for words in (["web"], ["up"]):
        done = cishan(*words, PORT=str(taken), CISHAN_DATA=str(tmp_path))
        assert done.returncode == 2
        assert f"Port {taken} on 127.0.0.1 is taken by another program" in done.stderr
        assert "PORT" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_taken_sandbox_port_is_named_with_its_own_setting(taken: int, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        free = other.getsockname()[1]
    done = cishan("up", SANDBOX_PORT=str(taken), PORT=str(free), CISHAN_DATA=str(tmp_path))
    assert done.returncode == 2
    assert f"Port {taken}" in done.stderr
    assert "SANDBOX_PORT" in done.stderr


def test_a_command_says_that_the_database_has_no_schema_yet(tmp_path: Path) -> None:
    done = cishan("check-stock", DATABASE_URL="", CISHAN_DATA=str(tmp_path))
    assert done.returncode == 2
    assert "run `cishan migrate` once as its owner" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_does_not_answer_is_named_without_its_password() -> None:
    done = cishan("migrate", DATABASE_URL="postgresql://cishan:geheim@127.0.0.1:1/cishan")
    assert done.returncode == 2
    assert "127.0.0.1:1/cishan (DATABASE_URL) does not answer" in done.stderr
    assert "geheim" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr


def test_a_database_that_does_not_exist_is_named() -> None:
    url = os.environ["DATABASE_URL"].replace("cishan_test_", "no_such_")
    with pytest.raises(CannotRun, match="There is no such database"):
        starting.check_database(url)


def test_settings_in_the_env_file_give_way_to_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# a comment\nexport ORG_NAME='某某慈善会'\nPORT=9\nSMTP_URL=smtp://a:b@c:1?x=y # z\nnonsense\n"
    )
    monkeypatch.setattr(starting, "ENV_FILE", file)
    for name in ("ORG_NAME", "SMTP_URL"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("PORT", "8000")
    starting.read_env_file()
    assert os.environ["ORG_NAME"] == "某某慈善会"
    assert os.environ["PORT"] == "8000"
    for name in ("ORG_NAME", "SMTP_URL"):
        monkeypatch.delenv(name)


def test_the_sandbox_is_ours_only_without_a_key_of_stripe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STRIPE_SECRET_KEY", raising=False)
    loaded = settings.load({"SANDBOX_PORT": "12999"})
    assert starting.sandbox_is_wanted(loaded)
    assert starting.sandbox_place(loaded) == ("127.0.0.1", 12999)
    environ = {"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_WEBHOOK_SECRET": "whsec_x"}
    assert not starting.sandbox_is_wanted(settings.load(environ))


def test_the_list_of_commands_comes_at_once_and_without_a_database(tmp_path: Path) -> None:
    began = time.perf_counter()
    done = cishan("--help", DATABASE_URL="postgresql://nobody@127.0.0.1:1/x", CISHAN_DATA=str(tmp_path))
    assert done.returncode == 0
    assert "backup" in done.stdout
    assert time.perf_counter() - began < 3  # half a second on a quiet machine; see the imports below
    code = (
        "import sys; sys.argv = ['cishan', '--help']\nfrom cishan import cli\n"
        "try: cli.run()\nexcept SystemExit: pass\n"
        "print([m for m in ('piccolo', 'litestar', 'asyncpg', 'stripe', 'babel') if m in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert told.stdout.splitlines()[-1] == "[]"


def test_every_command_of_the_list_exists() -> None:
    from cishan.cli import COMMANDS, _load

    for name, entry in COMMANDS.items():
        assert _load(entry).name == name


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_the_launcher_is_plain_shell(shell: str) -> None:
    done = subprocess.run([shell, "-n", ROOT / "cishan"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_launcher_explains_a_missing_python(tmp_path: Path) -> None:
    (tmp_path / "cishan").write_text((ROOT / "cishan").read_text())
    (tmp_path / "uv.lock").write_text("a lock")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("dirname", "cmp", "mkdir", "id"):
        found = next(p for p in (Path("/usr/bin") / name, Path("/bin") / name) if p.exists())
        (programs / name).symlink_to(found)
    done = subprocess.run(
        ["/bin/sh", tmp_path / "cishan", "up"],
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip() == (
        "cishan: Python 3.11 is needed and was not found; on Debian 12: apt-get install python3 python3-pip"
    )


@pytest.mark.parametrize("role", ["nobody_like_this", 'x"; DROP TABLE person; --'])
def test_a_role_that_is_not_there_is_named_in_one_sentence(role: str) -> None:
    done = cishan("verify-history", DATABASE_ROLE=role)
    assert done.returncode == 2
    (line,) = [one for one in done.stderr.splitlines() if one.startswith("cishan: ")]
    assert f"does not let this user act as {role}" in line and "DATABASE_ROLE" in line
    assert "Traceback" not in done.stderr
