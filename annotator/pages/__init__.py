"""The pages, each a module with `page()`, and what several share; what a page decides lives in `annotator.views`."""
