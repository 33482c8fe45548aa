"""Evaluation of super-resolution on digital patients."""
