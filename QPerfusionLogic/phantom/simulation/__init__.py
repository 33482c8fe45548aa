"""A digital patient through the scanner: series and truth."""
