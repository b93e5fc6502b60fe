"""Reading what a user hands in: pictures as they are, HEIC and pages of PDFs by way of the jail."""
