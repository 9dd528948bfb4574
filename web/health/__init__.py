"""What the page "Health" asks of this server and of what it depends on. Nothing is changed."""
