"""The site for programs: a file a subject."""
