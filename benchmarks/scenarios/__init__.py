"""What is measured, one file each. Every scenario has `measure(run, contestants)` and adds entries to the run."""
