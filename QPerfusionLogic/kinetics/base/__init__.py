"""What kinetic models share: input, parameters, priors, timing."""
