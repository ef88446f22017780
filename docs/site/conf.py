"""Sphinx's settings of the documentation site. `docs/site/build.py` stages the pages and runs Sphinx."""

project = "beacon.platform"
author = "The Beacon authors"
copyright = author  # noqa: A001 - Sphinx's name
html_title = "Beacon"
html_theme = "furo"
html_theme_options = {"navigation_with_keys": True}
html_static_path = ["static"]
html_css_files = ["site.css"]
extensions = ["myst_parser", "sphinx_antsibull_ext"]
exclude_patterns = ["build"]
highlight_language = "text"
pygments_style = "friendly"
pygments_dark_style = "monokai"
myst_heading_anchors = 4  # links to headings, as Git hosts have them
myst_enable_extensions = ["colon_fence"]
suppress_warnings = ["ref.ref"]  # of antsibull-docs' pages, to other collections; links between our own are Markdown's
