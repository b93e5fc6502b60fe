"""Samples by the shard: a pure function of recipe version, seed and index."""
