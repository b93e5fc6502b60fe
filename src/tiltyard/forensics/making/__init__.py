"""Making samples by the shard: recipes, folders that resume, splits, contact sheets."""
