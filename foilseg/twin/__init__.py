"""The rendered stand-in for the 26 foils."""
