"""Carry rules of other tools over: what can be said in our language is, the rest is named."""
