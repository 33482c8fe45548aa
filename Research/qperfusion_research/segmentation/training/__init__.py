"""Training data and training of the segmentation network."""
