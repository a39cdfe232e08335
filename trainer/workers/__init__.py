"""Processes that carry durable jobs from their row to their end, whatever dies on the way."""
