"""Where the bytes of documents are kept: files of this machine, or a bucket that speaks S3."""
