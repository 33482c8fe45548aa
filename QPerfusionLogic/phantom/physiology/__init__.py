"""Bolus, exchange with tissue, heart beats and breathing."""
