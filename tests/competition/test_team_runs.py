"""The team's runs: each content once."""

from dalmeum.competition.store import open_store
from dalmeum.competition.team_runs import TeamRun, register, team_runs


def test_a_run_is_one_row_that_learns(url: str) -> None:
    first = TeamRun("content", "idea", "run-1", author="Kim")
    with open_store(url) as store:
        assert register(store, first) == first
        again = TeamRun("content", "idea", "copy", author="이", outcome="undecided", mlflow_id="m1")
        known = TeamRun("content", "idea", "run-1", author="Kim", outcome="undecided", mlflow_id="m1")
        assert register(store, again) == known
        assert register(store, TeamRun("content", "idea", "x", outcome="better", mlflow_id="m2")) == TeamRun(
            "content", "idea", "run-1", author="Kim", outcome="better", mlflow_id="m1"
        )
        register(store, TeamRun("other", "idea", "run-2"))
        register(store, TeamRun("third", "elsewhere", "run-3"))
        assert [each.run for each in team_runs(store, ["idea", "unknown"])] == ["run-1", "run-2"]
        assert team_runs(store, []) == []
