"""The verbs of the challenge site, one file each."""
