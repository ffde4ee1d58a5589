"""What stored networks say of data, worked out once while their weights are there."""
