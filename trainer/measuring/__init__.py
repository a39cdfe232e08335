"""What says how good a model is, while it learns and afterwards.

`metrics` and `curves` are of detectors, as is `calibrating`, which makes of their probabilities what they ship with;
`fills` and `colours` are of the other kinds, `overlays` pictures to look at.
"""
