"""How good detectors are, photo by photo and together, beside a classical method and the published figures."""
