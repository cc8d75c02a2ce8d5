"""Values and small functions without I/O that every slice may use."""
