"""What all HTML is made by: Jinja2 templates, which show every text as text."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from dalmeum.languages import Text

FOLDER = "templates"


def environment(package: str) -> Environment:
    """The templates in the folder of a package; `say("English", "한국어")` is a `Text` in them.

    A `Text` is shown in the terminal's language.
    """
    found = Environment(
        loader=PackageLoader(package, FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: str(value) if isinstance(value, Text) else value,
    )
    found.globals["say"] = lambda english, korean, **values: Text(english, korean).format(**values)
    return found
