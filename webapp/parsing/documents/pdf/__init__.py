"""PDFs, with pdfium: never outside a restricted child, because it aborts on some of them."""
