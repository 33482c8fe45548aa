"""AIF methods, one file a method."""
