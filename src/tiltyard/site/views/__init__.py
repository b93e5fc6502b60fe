"""Pages: each view is thin, a file a subject."""
