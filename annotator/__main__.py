"""`python -m annotator` is `heirloom`."""

from annotator.main import main

main()
