"""What givers fill in."""
