"""What the warehouse decides."""
