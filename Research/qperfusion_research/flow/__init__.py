"""Evaluation of blood flow on digital patients, one stage at a time."""
