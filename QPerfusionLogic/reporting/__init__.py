"""Report, tables and DICOM objects of a result."""
