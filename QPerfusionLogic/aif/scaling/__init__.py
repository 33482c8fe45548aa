"""The scale of a saturated blood curve, by dose, tissue or shape."""
