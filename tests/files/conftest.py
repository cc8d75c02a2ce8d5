"""A storage of each test's own."""

from dataclasses import replace
from pathlib import Path

import pytest

from cishan import gateways
from cishan.settings import Settings


@pytest.fixture
def folder(config: Settings, tmp_path: Path) -> Path:
    """Where the files of this test lie."""
    gateways.use(replace(config, data_dir=tmp_path))
    return tmp_path / "uploads"
