"""Networks that restore photos: each takes `float N×3×H×W` in [0, 1] and normalises and pads by itself."""
