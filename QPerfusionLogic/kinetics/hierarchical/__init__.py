"""Hierarchical (empirical-Bayes) priors from the curves of one heart."""
