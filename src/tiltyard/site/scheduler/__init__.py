"""The scheduler: the process that does what is due, and cleans up."""
