"""慈善筹 (Cishan)."""
