"""A challenge as it is kept: how it comes, in which versions, what happens when, how it leaves."""
