"""What templates of the site are helped with."""
