"""Messages that are written in code and translated when shown."""

import unicodedata


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for this
    """Mark a message for the catalogue and return it unchanged."""
    return message


def fold(text: str) -> str:
    """Return text as typed by a person with full-width forms, odd spaces and case folded away."""
    return " ".join(unicodedata.normalize("NFKC", text).split()).casefold()


def clean(text: str) -> str:
    """Return text stripped, in NFC, without control characters other than line feeds."""
    kept = "".join(c for c in text if c == "\n" or unicodedata.category(c)[0] != "C")
    return unicodedata.normalize("NFC", kept).strip()
