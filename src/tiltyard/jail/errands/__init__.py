"""Programs that run in the jail and read one stranger's file each; see `tiltyard.jail.errand`."""
