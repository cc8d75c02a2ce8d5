"""Catalogues: what they hold and what they complain of."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from cishan.plumbing import catalogues


def test_two_catalogues_may_not_say_one_text_differently(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, words in (("core", "收入"), ("donations", "已到账"), ("notify", "已到账")):
        (tmp_path / f"{name}.po").write_bytes(
            catalogues.HEADER + f'msgid "Received"\nmsgstr "{words}"\n'.encode()
        )
    monkeypatch.setattr(catalogues, "TARGET", tmp_path)
    assert "core.po, donations.po, notify.po differ on 'Received'" in catalogues.check()
    (tmp_path / "core.po").unlink()
    assert not [complaint for complaint in catalogues.check() if ".po differ on" in complaint]


def test_parts_of_a_slice_keep_their_texts_in_files_of_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed = Catalog(locale="zh_CN")
    for text in ("Scan", "Site", "New"):
        needed.add(text)
    monkeypatch.setattr(catalogues, "TARGET", tmp_path)
    monkeypatch.setattr(catalogues, "slices", lambda: ["store"])
    monkeypatch.setattr(catalogues, "wanted", lambda name: needed)
    (tmp_path / "store.po").write_bytes(catalogues.HEADER + 'msgid "Site"\nmsgstr "仓库"\n'.encode())
    (tmp_path / "store_scan.po").write_bytes(
        catalogues.HEADER + 'msgid "Scan"\nmsgstr "扫码"\n\nmsgid "Gone"\nmsgstr "没了"\n'.encode()
    )

    assert catalogues.check() == ["store.po lacks: 'New'", "store.po has what no text uses: 'Gone'"]
    assert catalogues.update() == ["store.po lacks: 'New'"]
    assert "扫码" in (tmp_path / "store_scan.po").read_text()
    assert "没了" not in (tmp_path / "store_scan.po").read_text()
    assert "New" in (tmp_path / "store.po").read_text()
    assert "Scan" not in (tmp_path / "store.po").read_text()
