"""The report page: sections, charts, pictures."""
