"""The tables of PDFs: what is drawn and written on a page, and where it is on the page as shown."""
