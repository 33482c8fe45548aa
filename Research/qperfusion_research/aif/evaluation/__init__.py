"""Evaluation of AIF methods on digital patients."""
