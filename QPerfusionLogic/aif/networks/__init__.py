"""Networks that restore saturated blood curves."""
