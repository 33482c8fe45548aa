"""MRML nodes, one type a file."""
