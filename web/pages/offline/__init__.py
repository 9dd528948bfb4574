"""What a guest's browser keeps for a dead line: its worker and the page that it opens then."""
