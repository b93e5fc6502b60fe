"""What organisers do: their home, actions with their forms, invitations."""
