"""What all HTML is made by: Jinja2 templates that show every text as text, in the languages of `Text`."""

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from dalmeum.languages import Text


def environment(package: str, show: Callable[[Any], Any] | None = None) -> Environment:
    """The templates in the folder `templates` of a package. `say("English", "한국어")` is a `Text` in them.

    `show` says how what stands in a template is shown; by default a `Text` is in the terminal's language.
    """

    def shown(value: Any) -> Any:
        return str(value) if isinstance(value, Text) else value

    found = Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=show or shown,
    )
    found.globals["say"] = lambda en, ko, **values: Text(en, ko).format(**values)
    return found
