"""The networks that sharpen frames: training and evaluation."""
