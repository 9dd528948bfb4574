"""What administrators set while the server runs. No page, no form."""
