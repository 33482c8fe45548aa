"""Full resolution from frames with fewer phase-encoding lines."""
