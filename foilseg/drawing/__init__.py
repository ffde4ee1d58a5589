"""How anything is drawn: colours, the look of a model, dark pages, where names stand."""
