"""Places at which a test may let the process die, to show that nothing is lost or done twice by it."""

import os

_EXIT = 137
_armed: dict[str, int] = {}
for _part in filter(None, os.environ.get("CISHAN_FAILPOINTS", "").split(",")):
    _name, _, _count = _part.partition(":")
    _armed[_name] = int(_count or 1)


def reach(name: str) -> None:
    """Die here, as by kill -9, if CISHAN_FAILPOINTS names this place (`name:3`: the third time)."""
    if name in _armed:
        _armed[name] -= 1
        if _armed[name] <= 0:
            os._exit(_EXIT)
