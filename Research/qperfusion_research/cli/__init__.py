"""The verbs `train` and `evaluate` of the `qperfusion` command."""
