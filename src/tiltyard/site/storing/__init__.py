"""Files by their SHA-256, here or over HTTP, and folders made of them."""
