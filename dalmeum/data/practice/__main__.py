"""Work the stored forms out anew: `python -m dalmeum.data.practice`, in a checkout."""

from pathlib import Path

from dalmeum.data.practice.forms import derive_forms
from dalmeum.files import write_text

if __name__ == "__main__":
    lines = ["\t".join(form) + "\n" for form in derive_forms()]
    write_text(Path(__file__).with_name("forms.txt"), "".join(lines))
