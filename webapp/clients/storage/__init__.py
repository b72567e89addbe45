"""Storage for the bytes of documents: files on this machine, or an S3 bucket."""
