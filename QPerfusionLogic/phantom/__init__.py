"""Digital patients with known truth, independent of the code that they measure."""
