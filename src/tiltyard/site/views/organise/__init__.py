"""Pages of organisers, a file a subject."""
