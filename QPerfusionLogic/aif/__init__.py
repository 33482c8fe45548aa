"""The arterial input function: every method to an unsaturated blood curve, with its checks."""
