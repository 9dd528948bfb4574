"""One client a file, in the language of its library; each speaks to the driver by its door."""
