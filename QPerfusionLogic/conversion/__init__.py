"""Signal to gadolinium in every pixel."""
