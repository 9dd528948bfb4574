"""The front end's files made into few and small ones, for engines of two ages.

No HTTP, and nothing is kept on disk: what is made is as old as the process.
"""
