"""NRRD, NIfTI, CSV and JSON files; output that is complete or absent."""
