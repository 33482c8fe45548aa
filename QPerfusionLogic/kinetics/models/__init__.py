"""Kinetic models, one file a model."""
