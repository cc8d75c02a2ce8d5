"""Whatever a file is called, what we make of it is short, visible, and fits what the file is."""

import unicodedata

import hypothesis.strategies as st
import pytest
from hypothesis import given

from cishan.files.rules import MAX_NAME, harmless_name


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("会议纪要 2026.pdf", "会议纪要 2026.pdf"),
        ("C:\\fakepath\\纪要.PDF", "纪要.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("纪要.pdf.exe", "纪要.pdf.pdf"),
        ("a\x00b\r\nc.pdf", "abc.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.pdf"),
        ("🎉 庆典.pdf", "🎉 庆典.pdf"),
        ("\ud800.pdf", "file.pdf"),
        ('a"b<c>|?*.pdf', "a_b_c_.pdf"),
        ("...", "file.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("", "file.pdf"),
        ("CON.pdf", "_CON.pdf"),
        ("version 2.final version", "version 2.final version.pdf"),
        ("长" * 300 + ".pdf", "长" * MAX_NAME + ".pdf"),
        ("a\u3000\u2028b.pdf", "ab.pdf"),
    ],
)
def test_a_name_is_made_harmless(sent: str, kept: str) -> None:
    assert harmless_name(sent, ".pdf") == kept


@given(st.text(max_size=400))
def test_no_name_leads_anywhere(sent: str) -> None:
    name = harmless_name(sent, ".jpg")
    assert name.endswith(".jpg")
    assert 5 <= len(name) <= MAX_NAME + 5
    assert not set(name) & set('/\\:*?"<>|')
    assert not any(unicodedata.category(c)[0] == "C" for c in name)
    assert harmless_name(name, ".jpg") == name
