"""The network that draws the contours: training and evaluation."""
