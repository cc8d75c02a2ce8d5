"""Catalogues: what they hold and what they complain of."""

from pathlib import Path

import pytest

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
    assert not [complaint for complaint in catalogues.check() if "differ" in complaint]
