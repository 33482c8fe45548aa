"""What the widgets of the Slicer modules show and do."""
