"""One directory for each kind of outside system; they know neither the store nor each other."""
