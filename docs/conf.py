"""The site: ``make docs``.  Nothing is fetched, neither when it is built nor when it is read."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

import lra_ref  # noqa: E402

project = "lra_ref"
author = "The lra_ref developers"
copyright = author
release = version = lra_ref.__version__

extensions = ["myst_parser", "sphinx_copybutton", "mathml", "api", "commands", "claim_list", "outside"]
root_doc = "index"
exclude_patterns = ["_build", "_ext", "_static"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 4
# generated pages may leave out a level of headings
suppress_warnings = ["myst.header"]
smartquotes = False
# names in the tree of contents would make it, and the building of every page, several times as long
toc_object_entries = False
add_module_names = False
python_maximum_signature_line_length = 100
html_math_renderer = "mathml"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_exclude = ".linenos, .gp, .go"

html_theme = "furo"
html_title = f"lra_ref {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "light_css_variables": {"font-stack": "system-ui, sans-serif", "font-stack--monospace": "ui-monospace, 'DejaVu Sans Mono', monospace"},
    "dark_css_variables": {"font-stack": "system-ui, sans-serif", "font-stack--monospace": "ui-monospace, 'DejaVu Sans Mono', monospace"},
}
