"""Digital patients drawn from documented distributions."""
