"""The web process of a site: granian, one process of many threads."""

THREADS = 32
"""Each answers one request, and waits for as long as what is sent or fetched takes."""
