"""What the networks share: model files with checksums, device, packages."""
