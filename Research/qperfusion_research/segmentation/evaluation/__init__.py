"""Evaluation of the segmentation on digital and real series."""
