"""What a viewer sees: the one policy, and what is shown under it."""
