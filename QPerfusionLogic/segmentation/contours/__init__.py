"""Endocardial and epicardial contours, by network or classical."""
