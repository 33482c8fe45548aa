"""Training pairs of blood curves and training of the AIF networks."""
