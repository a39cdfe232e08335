"""What says how good a model is, while it learns and afterwards: figures, curves and pictures of what was found."""
