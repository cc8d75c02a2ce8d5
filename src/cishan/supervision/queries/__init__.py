"""The history in words, what checks of it found, and who looked at somebody's data."""
