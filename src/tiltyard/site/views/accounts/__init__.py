"""Accounts: signing up, logging in, the profile, passwords."""
