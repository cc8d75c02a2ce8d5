"""The rules of the house that an import contract cannot state."""

import re
from pathlib import Path

import grimp
import pytest

from cishan import piccolo_app, worker
from cishan.settings import ROOT

SOURCE = ROOT / "src" / "cishan"
GRAPH = grimp.build_graph("cishan")


def test_only_tables_import_the_tables_of_another_slice() -> None:
    wrong = [
        f"{importer} imports {module}"
        for module in GRAPH.modules
        if module.endswith(".tables") or ".tables." in module
        for importer in GRAPH.find_modules_that_directly_import(module)
        if importer.split(".")[1] != module.split(".")[1]
        and ".tables" not in importer
        and importer != "cishan.piccolo_app"
    ]
    assert wrong == []


def _rooms(name: str) -> set[str]:
    files = [p for p in SOURCE.glob(f"*/{name}.py") if p.parent.name not in {"plumbing", "kernel"}]
    folders = [
        p.parent
        for p in SOURCE.glob(f"*/{name}/__init__.py")
        if p.parents[1].name not in {"plumbing", "kernel"}
    ]
    return {f"cishan.{p.parent.name}.{name}" for p in files + folders}


def test_the_worker_knows_every_jobs_room() -> None:
    assert set(worker.ROOMS) == _rooms("jobs")


def test_the_one_app_knows_every_tables_room() -> None:
    assert set(piccolo_app.TABLE_MODULES) == _rooms("tables")


def test_no_file_and_no_function_outgrows_its_reader() -> None:
    long_files = [p.as_posix() for p in SOURCE.rglob("*.py") if len(p.read_text().splitlines()) > 420]
    assert [Path(p).name for p in long_files] == []


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=lambda p: p.relative_to(SOURCE).as_posix())
def test_no_float_comes_near_money(path: Path) -> None:
    if path.parts[-2] in {"ledger", "donations", "payments"} or path.name == "money.py":
        assert not re.search(r"\bfloat\(|/ 100\b", path.read_text())


def test_every_path_that_the_map_names_exists() -> None:
    named = re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", (SOURCE / "__init__.py").read_text())
    assert [n for n in named if not (SOURCE / n).exists()] == []
