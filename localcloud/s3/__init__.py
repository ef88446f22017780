"""S3: moto's, but for versions in a bucket whose versioning is suspended, and what a bucket's policy may say."""
