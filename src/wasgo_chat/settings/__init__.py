"""The settings of a deployment, by subject."""
