"""What the Slicer panel does without Qt and without a scene: background jobs, choices and their reasons."""
