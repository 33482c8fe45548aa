"""Blood curves of a series, their arrival and shape."""
