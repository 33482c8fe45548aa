"""From a request to a perfusion study: choice of series, checks, summary."""
