"""What people fill in at the warehouse."""
