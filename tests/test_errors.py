"""What a message offers in place of what is wrong."""

from pathlib import Path

from dalmeum.errors import nearest_file


def test_the_file_that_a_wrong_name_meant(tmp_path: Path) -> None:
    for name in ("train.csv", "train.yaml", "dev.json"):
        (tmp_path / name).touch()
    # Not the recipe that init wrote beside it.
    for wrong in ("tran.csv", "train.cvs", "trian.csv"):
        assert nearest_file(Path(tmp_path, wrong)) == "train.csv"
    assert nearest_file(Path(tmp_path, "trian.yaml")) == "train.yaml"
    assert nearest_file(Path(tmp_path, "trian.csv"), [".yaml"]) == "train.yaml"
    assert nearest_file(Path(tmp_path, "dev.csv"), [".yaml"]) is None
    assert nearest_file(Path(tmp_path, "nowhere/dev.csv")) is None
