"""Settings of every stage: fields with unit, range and meaning, and their parsing."""
