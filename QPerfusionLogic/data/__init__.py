"""What travels between the stages: series, geometry, notices, studies and results."""
