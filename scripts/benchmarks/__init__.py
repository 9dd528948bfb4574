"""Measurements of speed and size, one module per name; `scripts/bench` runs them.

A benchmark module offers `run() -> dict` (numbers by name, fit for JSON) and
`table(result: dict) -> str` (the same for people). Its docstring's first line describes it.
"""
