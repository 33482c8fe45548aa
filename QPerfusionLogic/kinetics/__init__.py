"""Myocardial blood flow from curves of gadolinium."""
