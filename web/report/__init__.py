"""The consultation report as a PDF: text, fonts, lines, pages, and the process that draws it."""
