"""Formats of genomics."""
