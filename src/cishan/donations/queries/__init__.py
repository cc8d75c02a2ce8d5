"""What is known of gifts, as frozen views."""
