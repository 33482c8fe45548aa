"""The residual bridge: its network, its steps from low to full resolution, and how it is applied to frames."""
