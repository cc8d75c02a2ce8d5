"""慈善筹 (Cishan)."""

import os

os.environ.setdefault("PICCOLO_CONF", "cishan.piccolo_conf")
