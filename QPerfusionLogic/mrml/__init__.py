"""A study and its result in a MRML scene, and back."""
