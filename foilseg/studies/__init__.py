"""Many networks under one configuration."""
