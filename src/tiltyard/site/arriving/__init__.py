"""What arrives from the network: bounded bodies, entries, material."""
