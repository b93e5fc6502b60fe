"""How well masks, maps, polygons and scores agree with the truth."""
