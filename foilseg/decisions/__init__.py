"""From pixels to objects, and from objects to a decision."""
