"""Training of the networks and evaluation of QPerfusion on digital patients."""

import logging

__version__ = "0.1.0"

logging.getLogger(__name__).addHandler(logging.NullHandler())
