"""Layouts, cursor and editors of a study in the scene."""
