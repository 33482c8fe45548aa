"""Networks for the arterial input: training and evaluation."""
