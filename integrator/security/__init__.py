"""Keys, seals and blind indexes."""
