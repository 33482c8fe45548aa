"""Fits on tables of residues."""
