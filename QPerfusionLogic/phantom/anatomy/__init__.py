"""Heart, torso and tissues of a digital patient."""
