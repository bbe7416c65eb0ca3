"""Bytes to structure and back; pure: no clock, no network, no database."""
