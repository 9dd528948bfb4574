"""Two builds of the product side by side, and a phone on a slow line to them."""
