"""Logs and counts, without patients in them."""
