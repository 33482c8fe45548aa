"""The headless host: enough of Slicer's Qt side, on PySide6 and slicer-core, to drive the real panel in tests."""
