"""What a second run of site.yml takes, beside what it can't do without."""
