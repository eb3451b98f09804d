"""The scenarios. Each module has a function `measure` that adds entries to the run."""
