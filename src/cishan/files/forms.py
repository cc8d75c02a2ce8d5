"""What an upload field tells before somebody chooses."""

from dataclasses import dataclass

from cishan.files.actions import kinds_text
from cishan.files.rules import Purpose


@dataclass(frozen=True, slots=True)
class Chooser:
    """The limits of a purpose, as `components/files.html` shows them."""

    accept: str
    kinds: str
    max_count: int
    max_bytes: int

    @property
    def max_mb(self) -> int:
        """Return how large one file may be."""
        return self.max_bytes // 1_000_000


def chooser(purpose: Purpose, *, at_once: int | None = None) -> Chooser:
    """Return the limits in the language of the request; `at_once` if a field takes fewer files."""
    return Chooser(purpose.accept, kinds_text(purpose), at_once or purpose.max_count, purpose.max_bytes)
