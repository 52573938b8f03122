"""Compressed formats."""
