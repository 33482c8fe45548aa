"""Motion correction of a dynamic series."""
