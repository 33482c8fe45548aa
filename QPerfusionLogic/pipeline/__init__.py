"""The stages in their order, and the fits of pixels and segments."""
