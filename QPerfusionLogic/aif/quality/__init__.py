"""Checks and features of an arterial input."""
