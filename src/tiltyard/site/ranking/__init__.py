"""Which scores count, the boards that are kept of them, the awards that are won by them."""
