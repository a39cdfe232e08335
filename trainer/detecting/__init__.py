"""How a detector learns: its recipe, its pictures, its losses and how it is validated."""
