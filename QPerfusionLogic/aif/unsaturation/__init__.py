"""AI-AIF: networks that undo the saturation of a blood curve, their training pairs and their training."""
