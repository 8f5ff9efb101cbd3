"""ideas.yaml: what the team may try, one person an idea. The first study writes one."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from dalmeum.configuration import FromList, Section, build, did_you_mean, dump_yaml, read_yaml, yaml_line
from dalmeum.errors import InputError, RecipeError
from dalmeum.experiments.study import cell_recipes
from dalmeum.files import write_text
from dalmeum.languages import Text
from dalmeum.recipe import Recipe, load_recipe
from dalmeum.recipe.study import Study, arm_recipes, load_study

FILE = Path("ideas.yaml")

HEAD = Text(
    """\
# Ideas to try, one person an idea: dalmeum board --next names the next open one, and
# dalmeum board --take NAME claims it. Add your own: a study and what its arms change of
# the baseline, or a recipe.
""",
    """\
# 해 볼 아이디어. 한 사람이 하나씩 맡습니다. dalmeum board --next가 다음 것을 알려 주고,
# dalmeum board --take NAME으로 맡습니다. 여러분의 아이디어도 더하세요. 비교 실험과 그
# 비교 조건이 기준선에서 바꾸는 것, 또는 레시피를 적습니다.
""",
)

Difficulty = Literal["easy", "medium", "hard"]
ORDER: tuple[Difficulty, ...] = ("easy", "medium", "hard")


class Idea(Section):
    """A question, and the command that answers it: a study with these arms in place of its own, or a recipe
    with each arm's changes. `overrides` are `key=value` for that command.
    """

    question: str
    study: str | None = None
    recipe: str | None = None
    overrides: Annotated[tuple[str, ...], FromList] = ()
    arms: dict[str, dict[str, Any]] = Field(default_factory=dict)
    difficulty: Difficulty = "medium"

    @model_validator(mode="after")
    def names_what_to_run(self) -> Self:
        if (self.study is None) == (self.recipe is None):
            raise ValueError("name either a study or a recipe, as in study: recipes/studies/alpha.yaml")
        return self

    def commands(self, name: str) -> list[str]:
        """What to type; a study's pages go to a folder of the idea's own."""
        if self.study is not None:
            laid_over = [*self.overrides, f"question={yaml_line(self.question)}"]
            laid_over += [f"arms={yaml_line(self.arms)}"] if self.arms else []
            call = ["dalmeum", "study", self.study, *laid_over, "-o", f"studies/{name}"]
            return [shlex.join(call)]
        changes: Sequence[Mapping[str, Any]] = list(self.arms.values()) or [{}]
        return [
            shlex.join(["dalmeum", "train", str(self.recipe), *self.overrides, *_overrides(each)])
            for each in changes
        ]

    def recipes(self) -> list[Recipe]:
        """Of one run of each of its arms. Errors as in `load_study` and `load_recipe`."""
        if self.recipe is not None:
            changes: Sequence[Mapping[str, Any]] = list(self.arms.values()) or [{}]
            return [load_recipe(self.recipe, [*self.overrides, *_overrides(each)]) for each in changes]
        arms = {"arms": self.arms} if self.arms else {}
        study = load_study(str(self.study), [*self.overrides, *_overrides(arms)])
        return [recipe for arm, recipe in first_recipes(study).items() if arm in study.arms]


class Ideas(Section):
    """The file: ideas by their names."""

    ideas: dict[Annotated[str, Field(pattern=r"^[\w][\w.-]{0,59}$")], Idea]


def first_recipes(study: Study) -> dict[str, Recipe]:
    """The recipe of each arm's first run, the baseline's too."""
    found: dict[str, Recipe] = {}
    for cell, recipe in cell_recipes(study).items():
        found.setdefault(cell.arm, recipe)
    return found


def read_ideas(path: Path = FILE) -> dict[str, Idea]:
    """By name, in the file's order; `InputError` where there is no file, or it is none of ideas."""
    if not path.is_file():
        raise InputError(f"{path}: there is none here: the first dalmeum study that ends writes one")
    return build(Ideas, read_yaml(path, Ideas), str(path)).ideas


def idea_named(name: str, ideas: Mapping[str, Idea], path: Path = FILE) -> Idea:
    if name not in ideas:
        mend = did_you_mean(name, list(ideas)) or f"; there are {', '.join(ideas) or 'none'}"
        raise InputError(f"{path}: holds no idea {name!r:.80}{mend}")
    return ideas[name]


def write_first_ideas(study: Study, file: Path, overrides: Sequence[str], path: Path = FILE) -> bool:
    """Write ideas that follow a study, which was read from `file` with `overrides`; what is there is kept.

    Each is an arm that the baseline takes and the study has not. Answers whether there was anything to write.
    """
    own = [each for each in overrides if each.partition("=")[0].split(".")[0] not in {"arms", "question"}]
    ideas = {
        name: Idea(
            question=str(question),
            study=str(file),
            overrides=tuple(own),
            arms={name: changes},
            difficulty=hard,
        )
        for name, question, changes, hard in _starters(study)
        if _is_new(study, name, changes)
    }
    if path.exists() or not ideas:
        return False
    values = {name: idea.model_dump(mode="json", exclude_defaults=True) for name, idea in ideas.items()}
    for name, idea in ideas.items():
        values[name]["difficulty"] = idea.difficulty
    write_text(path, str(HEAD) + dump_yaml({"ideas": values}))
    return True


def _starters(study: Study) -> Iterator[tuple[str, Text, dict[str, Any], Difficulty]]:
    """What people try first, whatever the task."""
    training, (low, high) = study.baseline.training, study.baseline.data.label_range
    losses = {
        "mixture": Text(
            "Does some MAE beside the correlation help?", "상관 손실에 MAE를 조금 섞으면 나아질까?"
        ),
        "correlation": Text("Does the correlation alone do?", "상관 손실만으로 충분할까?"),
        "ccc": Text("Does Lin's concordance help?", "Lin의 일치 상관이 도움이 될까?"),
        "cosent": Text("Does it help to learn the order of pairs?", "문장쌍의 순서를 배우면 도움이 될까?"),
        "huber": Text(
            "Does a loss that outliers move less help?", "이상값에 덜 흔들리는 손실이 도움이 될까?"
        ),
    }
    for name, question in losses.items():
        yield name, question, {"loss.name": name}, "easy"
    longer = Text("Does training twice as long help?", "두 배 오래 학습하면 나아질까?")
    yield "longer", longer, {"training.epochs": 2 * training.epochs}, "easy"
    slower = Text("Does half the learning rate help?", "학습률을 절반으로 줄이면 나아질까?")
    yield "slower", slower, {"training.learning_rate": training.learning_rate / 2}, "easy"
    larger = Text("Do batches twice as large help?", "배치를 두 배로 키우면 나아질까?")
    batch = 2 * training.effective_batch_size
    yield "larger-batches", larger, {"training.effective_batch_size": batch}, "medium"
    binary = Text("Does a binary task beside the score help?", "이진 과제를 함께 학습하면 도움이 될까?")
    task = {"weight": 0.2, "threshold": (low + high) / 2}
    yield "binary", binary, {"tasks.binary": task}, "medium"
    if {each.model.kind for each in study.baseline.singles} <= {"cross", "bi"}:
        decay = Text(
            "Does it help if lower layers learn more slowly?", "아래층을 천천히 학습하면 도움이 될까?"
        )
        yield "layerwise-decay", decay, {"training.layerwise_decay": 0.9}, "medium"


def _is_new(study: Study, name: str, changes: Mapping[str, Any]) -> bool:
    """Whether the study takes such an arm and has none like it."""
    if name in study.names:
        return False
    try:
        arm_recipes(study.model_copy(update={"arms": {**study.arms, name: dict(changes)}}))
    except RecipeError:
        return False
    return True


def _overrides(changes: Mapping[str, Any]) -> list[str]:
    return [f"{key}={yaml_line(value)}" for key, value in changes.items()]
