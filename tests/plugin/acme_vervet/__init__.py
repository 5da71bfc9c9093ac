"""A small package of somebody else: it watches the doors and badges of Acme."""
