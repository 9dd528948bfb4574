"""What pages are built of: the document, controls, fields, icons and labels."""
