"""The pages of giving."""
