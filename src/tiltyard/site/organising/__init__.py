"""What organisers do: one subject a file; every action writes its audit event in the same transaction."""
