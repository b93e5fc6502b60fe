"""The web process of a site: granian, one process of many threads."""
