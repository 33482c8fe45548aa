"""A whole study: files to output folder, in this process or in the background."""
