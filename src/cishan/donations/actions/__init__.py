"""What changes gifts."""
