"""How good models are on photos whose answer is known, each kind beside what it has to beat.

A package per kind and one for whole restorations: what it measures on, `measuring`, `figures` as plain numbers, a
`report`, and `command`, the way through all of them; `quality` is all of them at once. What they share stands here.
"""
