"""One file a family of documents; each names its templates."""
