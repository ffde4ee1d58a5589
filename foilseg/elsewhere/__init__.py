"""Studies of photographs that have nothing to do with foil, beside the foil's."""
