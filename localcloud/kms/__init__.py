"""KMS: moto's keys, found by their ARNs too."""
