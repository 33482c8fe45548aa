"""Agreement of measurements, overlap of segmentations, quality of images."""
