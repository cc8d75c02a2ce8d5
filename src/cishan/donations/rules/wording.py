"""Which messages of givers a person must read before the public does."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cishan.donations.rules.giving import MessageState, WordRuleKind
from cishan.kernel.text import fold


@dataclass(frozen=True, slots=True)
class WordRule:
    """A word, or a regular expression over folded text."""

    kind: WordRuleKind
    value: str


def catches(rules: Sequence[WordRule], text: str) -> bool:
    """Tell whether a rule catches the text, however it is spaced or written in full width."""
    folded = fold(text)
    tight = re.sub(r"[\s\W_]+", "", folded)
    for rule in rules:
        if rule.kind == WordRuleKind.WORD and fold(rule.value) in tight:
            return True
        if rule.kind == WordRuleKind.PATTERN and re.search(rule.value, folded):
            return True
    return False


def message_state(rules: Sequence[WordRule], message: str) -> MessageState:
    """Return how a new message begins: shown, or held until a person has read it."""
    if not message:
        return MessageState.NONE
    return MessageState.PENDING if catches(rules, message) else MessageState.SHOWN
