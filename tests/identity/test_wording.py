"""A way in is called 账号; 账户 is where money lies."""

from cishan.settings import ROOT

CATALOGUES = ROOT / "frontend" / "locales" / "zh_CN" / "LC_MESSAGES"


def test_what_people_sign_in_with_is_called_one_thing() -> None:
    for name in ("identity.po", "supervision.po"):
        assert "账户" not in (CATALOGUES / name).read_text()
    for path in CATALOGUES.glob("*.po"):
        assert "我的账户" not in path.read_text(), path.name
