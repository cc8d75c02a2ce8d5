"""Regions and organisations; accounts and their sessions."""
