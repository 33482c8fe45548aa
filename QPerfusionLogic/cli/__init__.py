"""The `qperfusion` command, one file a verb."""
