"""The console of a challenge: the pages on which its organisers watch over it."""
