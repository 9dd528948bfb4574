"""The front end's files made into few and small ones, for engines of two ages.

No HTTP. What was made of the same files by the same compiler is kept on disk (`kept.py`).
"""
