"""One network, from a row of the table of models to a stored run."""
