"""People: their accounts, secrets and teams, and how often each may try something."""
