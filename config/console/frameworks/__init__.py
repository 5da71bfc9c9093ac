"""How frameworks, and the controls in them, stood on a day."""
