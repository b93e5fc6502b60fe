"""Ways of forging a picture, each with its exact truth."""
