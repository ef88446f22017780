"""S3: moto's, but for versions in a bucket whose versioning is suspended."""
