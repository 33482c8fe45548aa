"""Training slices, statistics and pictures of digital patients."""
