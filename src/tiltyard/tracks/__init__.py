"""The kinds of contest, one file each."""
