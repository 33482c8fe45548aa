"""The output folder: writer, reader, provenance."""
