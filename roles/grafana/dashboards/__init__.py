"""The dashboards as code: typed builders in, the JSON files in ../files/dashboards out."""
