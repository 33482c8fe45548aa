"""Many studies: a manifest with one study a row, quantified side by side."""
