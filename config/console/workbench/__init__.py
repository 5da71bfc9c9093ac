"""The page on which a rule is written: its text, a real item, and what the one says of the other."""
