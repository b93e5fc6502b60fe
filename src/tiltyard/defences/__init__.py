"""Defended classifiers: recipes, published architectures, pools."""
