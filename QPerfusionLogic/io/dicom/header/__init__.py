"""What a DICOM header says of an image and its acquisition."""
