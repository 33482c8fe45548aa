"""Training data and training of the super-resolution networks."""
