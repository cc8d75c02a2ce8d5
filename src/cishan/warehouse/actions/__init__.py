"""What changes the warehouse."""
