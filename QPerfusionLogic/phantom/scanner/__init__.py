"""Sequences, readout and imaging of a digital patient."""
