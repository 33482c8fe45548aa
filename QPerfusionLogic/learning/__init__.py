"""What the networks share: packages, device, training loop, checkpoints, and model files with cards and checksums."""
