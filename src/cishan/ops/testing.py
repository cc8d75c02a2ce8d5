"""`cishan test`: everything that CI runs, in one order, with what was skipped said aloud."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from cishan.settings import ROOT

TOOLS = {"chromium": ("chromium",), "hledger": ("hledger",)}
"""Programs that Debian brings and the suite uses, and the packages that hold them."""
CHINESE_FONT = Path("/usr/share/fonts/opentype/noto")
FONT_PACKAGE = "fonts-noto-cjk"
WITHOUT = {
    "chromium": "the browser tests",
    "hledger": "the second reading of the books by hledger",
    FONT_PACKAGE: "Chinese letters in screenshots",
}
LINES_SHOWN = 80
"""Of what a failed check says; its first faults are the ones to mend."""
OURS = (
    *("HOST", "PORT", "PUBLIC_URL", "SECRET_KEY", "SANDBOX_PORT", "DEBUG", "LOG_FORMAT", "TRUSTED_PROXIES"),
    *("SMTP_URL", "MAIL_FROM", "MEILISEARCH_URL", "MEILISEARCH_KEY", "DATABASE_ROLE", "PROCFILE"),
)
"""Settings of the shell that the suite must not see; and everything that begins with these words:"""
OUR_WORDS = ("CISHAN_", "STRIPE_", "ORG_", "PAYSANDBOX_")


@dataclass(frozen=True, slots=True)
class Result:
    """How one step ended."""

    name: str
    seconds: float
    good: bool
    note: str = ""


def run(*, fast: bool, database: str | None, pytest_args: list[str]) -> int:
    """Run the steps; return 0 if all were good. What pytest says last is printed last."""
    environ = _environment()
    lacking = [] if fast else _lacking_tools()
    if lacking and not pytest_args:
        lacking = _install(lacking)
    results = [] if pytest_args else [_step(name, words, environ) for name, words in _steps()]
    closing = ""
    for where in {"both": ["embedded", "debian"], None: [""]}.get(database, [database]):
        result, closing = _pytest(where or "", fast, lacking, pytest_args, environ)
        results.append(result)
    click.echo("\nSummary")
    for result in results:
        click.echo(
            f"  {'ok  ' if result.good else 'FAIL'} {result.name:<22} {result.seconds:6.1f} s  {result.note}"
        )
    for name in lacking:
        click.secho(f"  SKIPPED {WITHOUT[name]}: {name} is not installed", bold=True)
    if fast:
        click.secho("  SKIPPED the browser tests and the slow tests (--fast)", bold=True)
    click.echo(closing)
    return 0 if all(result.good for result in results) else 1


def _steps() -> list[tuple[str, list[str]]]:
    tools = Path(sys.executable).parent
    return [
        ("format", [str(tools / "ruff"), "format", "--check", "."]),
        ("lint", [str(tools / "ruff"), "check", "."]),
        ("types", [str(tools / "mypy")]),
        ("contracts", [str(tools / "lint-imports"), "--no-logo"]),
        ("texts", [sys.executable, "-m", "cishan.cli", "messages", "--check"]),
    ]


def _environment() -> dict[str, str]:
    """Return the shell's environment without the settings of a platform; DATABASE_URL stays."""
    environ = {k: v for k, v in os.environ.items() if k not in OURS and not k.startswith(OUR_WORDS)}
    return environ | {"PYTHONUNBUFFERED": "1"}


def _step(name: str, words: list[str], environ: dict[str, str]) -> Result:
    click.echo(f"{name:<10} … ", nl=False)
    began = time.monotonic()
    done = subprocess.run(words, check=False, cwd=ROOT, env=environ, capture_output=True, text=True)
    seconds = time.monotonic() - began
    click.echo(f"{'ok' if done.returncode == 0 else 'FAILED'} ({seconds:.1f} s)")
    if done.returncode:
        said = (done.stdout + done.stderr).splitlines()
        click.echo("\n".join(said[:LINES_SHOWN]))
        if len(said) > LINES_SHOWN:
            command = " ".join([Path(words[0]).name, *words[1:]])
            click.echo(f"… and {len(said) - LINES_SHOWN} lines more; all of them: .venv/bin/{command}")
    return Result(name, seconds, done.returncode == 0)


def _lacking_tools() -> list[str]:
    lacking = [name for name in TOOLS if shutil.which(name) is None]
    return lacking if CHINESE_FONT.is_dir() else [*lacking, FONT_PACKAGE]


def _install(lacking: list[str]) -> list[str]:
    """Install by apt what is lacking, if we may; return what is lacking still."""
    may = os.geteuid() == 0 and shutil.which("apt-get") is not None and not os.environ.get("CISHAN_NO_APT")
    if not may:
        reason = "CISHAN_NO_APT is set" if os.environ.get("CISHAN_NO_APT") else "it takes root and apt-get"
        click.secho(f"Not installing {', '.join(lacking)}: {reason}.", bold=True)
        return lacking
    packages = [package for name in lacking for package in TOOLS.get(name, (name,))]
    click.echo(f"installing {' '.join(packages)} by apt-get (CISHAN_NO_APT=1 forbids it) …")
    environ = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        try:
            done = subprocess.run(
                ["apt-get", "-q", *words],
                check=False,
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=300,
            )
        except subprocess.TimeoutExpired:
            click.echo("apt-get took longer than five minutes.")
            break
        if done.returncode:
            click.echo((done.stderr or done.stdout).strip().splitlines()[-1])
    return _lacking_tools()


def _pytest(
    where: str, fast: bool, lacking: list[str], pytest_args: list[str], environ: dict[str, str]
) -> tuple[Result, str]:
    marks = ["not bench", "not pictures", *(["not browser", "not slow"] if fast else [])]
    if "chromium" in lacking and not fast:
        marks.append("not browser")
    words = [sys.executable, "-m", "pytest"]
    words += pytest_args or ["-n", "auto", "-m", " and ".join(marks), "-q"]
    name = f"tests on {where}" if where else "tests"
    click.echo(f"{name} …")
    began = time.monotonic()
    with _server(where, environ) as chosen:
        code, closing = _told(words, chosen)
    return Result(name, time.monotonic() - began, code == 0, closing.strip("= ")), closing


def _told(words: list[str], environ: dict[str, str]) -> tuple[int, str]:
    """Run a command, show what it says as it says it, and return its code and its last line."""
    last = "pytest said nothing"
    process = subprocess.Popen(
        words,
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            click.echo(line, nl=False)
            last = line.rstrip() or last
        return process.wait(), last
    except BaseException:
        _end(process)
        raise


def _end(process: "subprocess.Popen[str]") -> None:
    """Stop pytest and all that it started: politely, so that it drops its databases, then at once."""
    for number, patience in ((signal.SIGINT, 20), (signal.SIGKILL, 5)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience)
            return


@contextlib.contextmanager
def _server(where: str, environ: dict[str, str]) -> Iterator[dict[str, str]]:
    """Give the environment in which the suite finds the wanted server."""
    if where == "embedded":
        yield {k: v for k, v in environ.items() if k != "DATABASE_URL"}
        return
    if where != "debian":
        yield environ
        return
    from cishan.plumbing import embedded

    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[4]))
    if not found:
        raise click.UsageError("Debian's PostgreSQL is not installed: apt-get install postgresql")
    with tempfile.TemporaryDirectory(prefix="cishan-debian-") as folder:
        server = embedded.start(Path(folder) / "data", durable=False, programs_folder=found[-1].parent)
        try:
            yield environ | {"DATABASE_URL": embedded.url(server, "postgres")}
        finally:
            embedded.stop(server)
