"""Release artefacts and images, from the upstream where it can be reached, else built to the same shape."""
