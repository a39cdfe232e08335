"""How a model of any kind learns: its recipe, its pictures, the loop, and what is kept to go on from."""
