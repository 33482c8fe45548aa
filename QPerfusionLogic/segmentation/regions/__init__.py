"""AHA segments, layers, insertion points and the blood region of the AIF."""
