"""Conditional diffusion: the published SR3 and the diffusion of the missing detail."""
