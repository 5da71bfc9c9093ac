"""The first page, in parts: what is open, why the score moved, what cannot be seen."""
