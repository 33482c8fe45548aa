"""Digital patients as DICOM, NRRD and CSV files."""
