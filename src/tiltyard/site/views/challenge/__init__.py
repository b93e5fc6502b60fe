"""The pages of a challenge, and its feed."""
