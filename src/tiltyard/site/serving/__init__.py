"""Serving: the process tree of a site, and what ties its processes to each other."""
