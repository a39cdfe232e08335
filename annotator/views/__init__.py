"""What the pages decide: plain functions that a test can call without a browser."""
