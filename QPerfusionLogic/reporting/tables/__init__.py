"""Segment table, quality table, thresholds, colours."""
