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
html_css_files = ["tables.css"]
templates_path = []

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
default_role = "code"
napoleon_google_docstring = True
napoleon_custom_sections = [("Fields", "params_style")]  # what a ready letter asks of a record
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
nitpicky = False


def join_what_napoleon_split(app, what, name, obj, options, lines):
    """Join a property's first line again: napoleon takes "the address: without case" for a type and its text."""
    types = [line for line in lines if line.startswith(":type: ")]
    if what == "property" and types:
        lines.remove(types[0])
        lines[0] = f"{types[0].removeprefix(':type: ')}: {lines[0]}"


def setup(app):
    app.connect("autodoc-process-docstring", join_what_napoleon_split, priority=900)
