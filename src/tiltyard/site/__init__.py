"""The challenge site: organisers run challenges over every track, teams hand in and see how they stand."""
