"""From data files to a first recipe: what they hold, and a commented YAML file that trains on them."""

from dalmeum.draft.files import Draft, draft_recipe, recipe_name
from dalmeum.draft.text import check_call, told, train_call, write_recipe

__all__ = ["Draft", "check_call", "draft_recipe", "recipe_name", "told", "train_call", "write_recipe"]
