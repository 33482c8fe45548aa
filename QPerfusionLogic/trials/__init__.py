"""Trials on digital patients with known truth: the tables behind `qperfusion evaluate`."""
