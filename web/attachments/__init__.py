"""Photos and PDFs that people send: what they are, their renditions, and the process that makes them."""
