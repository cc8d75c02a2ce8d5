"""What the warehouse does by itself."""
