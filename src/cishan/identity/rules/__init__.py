"""What a place, an organisation and a password may be."""
