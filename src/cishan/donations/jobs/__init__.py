"""What happens to gifts in the background."""
