"""The page on which a rule is written: its text, a real item, and what comes of the two."""
