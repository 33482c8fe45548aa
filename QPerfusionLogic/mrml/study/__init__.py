"""A study in the scene, and back."""
