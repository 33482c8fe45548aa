"""Blood pools from the first pass of the bolus."""
