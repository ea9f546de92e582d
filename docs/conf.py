"""Settings of the site; `sphinx-build -W -b html docs build` builds it."""

import segcap

project = "segcap"
author = "The segcap authors"
copyright = "the segcap authors, MIT licence"
version = release = segcap.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
]
exclude_patterns = ["build"]
templates_path = ["_templates"]
default_role = "py:obj"
myst_heading_anchors = 3
autosummary_ignore_module_all = False  # a room's public names are those of its __all__ ...
autosummary_imported_members = True  # ... wherever they are defined
autodoc_typehints = "none"  # the docstrings say more
autodoc_default_options = {
    # scikit-learn adds these, and their docstrings point to its own site
    "exclude-members": "set_fit_request, set_partial_fit_request, set_score_request",
}
numpydoc_show_class_members = False  # the members follow in full

html_theme = "furo"
html_title = f"segcap {version}"
