"""How the shipped readers are made."""
