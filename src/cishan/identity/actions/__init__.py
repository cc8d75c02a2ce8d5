"""Signing in and out; making regions and organisations known."""
