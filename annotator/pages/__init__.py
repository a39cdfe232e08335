"""The pages. Each module has `page()`; what a page decides lives in `annotator.views`."""
