#!/usr/bin/env bash
# All that wants a GPU, in under 8 minutes on an H100: the tests marked gpu, then training and scoring of a base-
# and a large-sized encoder against sentence-transformers, and what the exact scope costs.
#
#   benchmarks/gpu.sh data/stsb-en/stsb-en-train.csv data/stsb-en/stsb-en-dev.csv RESULTS
#
# PYTHON names the interpreter (.venv/bin/python by default). A part that fails does not keep the next from running.
set -uo pipefail
cd "$(dirname "$0")/.."
train=$(realpath "$1") dev=$(realpath "$2")
mkdir -p "$3" && results=$(realpath "$3")
python=${PYTHON:-.venv/bin/python}
export HF_HUB_OFFLINE=1 PYTHONPATH="$PWD${PYTHONPATH:+:$PYTHONPATH}" TQDM_DISABLE=1
date=$(date +%F)
failed=0

part() {
  local name=$1
  shift
  echo "== $name"
  local start=$SECONDS
  timeout 150 "$@" || { echo "== $name FAILED: $?"; failed=1; }
  echo "== $name took $((SECONDS - start)) s"
}

part tests "$python" -m pytest -m gpu tests/*/test_*_gpu.py
for size in base large; do
  part "scoring, $size" "$python" benchmarks/scoring.py --pairs-file "$train" --encoder "random:$size" \
    --pairs 3000 --repeats 3 --out "$results/scoring-gpu-$size-$date.json"
  part "training, $size" "$python" benchmarks/training.py --train "$train" --dev "$dev" --encoder "random:$size" \
    --repeats 1 --out "$results/training-gpu-$size-$date.json"
done
part "exact scope, base" "$python" benchmarks/exact_step.py --train "$train" --encoder random:base \
  --micro-batch-size 64 --repeats 1 --out "$results/exact-step-gpu-base-$date.json"
exit $failed
