"""What the warehouse is asked."""
