"""Pages of people who come by link."""
