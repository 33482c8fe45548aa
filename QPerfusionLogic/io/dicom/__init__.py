"""Perfusion series from DICOM images."""
