"""What documents are decorated and secured with: seals, guilloche, codes, portraits, signatures, marks."""
