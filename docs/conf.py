"""How the documentation is built: Sphinx, MyST Markdown, furo; warnings are errors."""

import logging

import mailkit

logging.getLogger("alembic").setLevel(logging.WARNING)

project = "mailkit"
author = "The mailkit authors"
copyright = "2026, The mailkit authors"
release = version = mailkit.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "mailkit"
html_static_path = ["_static"]
templates_path = []

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": False}
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
nitpicky = False
