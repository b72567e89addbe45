"""PDFs, by pdfium: never outside a limited child, for it aborts on some of them."""
