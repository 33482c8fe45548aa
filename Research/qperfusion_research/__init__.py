"""Training of the networks and evaluation of QPerfusion on digital patients."""

__version__ = "0.1.0"
