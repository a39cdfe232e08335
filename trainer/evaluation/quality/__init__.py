"""All models in use at once, on one folder of data: every figure that says how good a restoration is, on one page."""
