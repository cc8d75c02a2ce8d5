"""What rows of the warehouse may be."""
