"""What Prometheus reads: requests, pairs, batches and queues; nothing of texts."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
PAIRS = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """Of one app."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "dalmeum_requests", "Requests answered.", ["path", "status"], registry=registry
        )
        self._seconds = Histogram(
            "dalmeum_request_seconds",
            "From a request's arrival to its answer.",
            ["path"],
            buckets=SECONDS,
            registry=registry,
        )
        self._pairs = Counter("dalmeum_pairs", "Pairs scored.", ["model"], registry=registry)
        self._batches = Histogram(
            "dalmeum_batch_pairs", "Pairs of a batch.", ["model"], buckets=PAIRS, registry=registry
        )
        self._scoring = Counter(
            "dalmeum_scoring_seconds", "Time that batches took.", ["model"], registry=registry
        )
        self._waiting = Gauge("dalmeum_waiting_pairs", "Pairs in the queue.", ["model"], registry=registry)
        self._active = Gauge("dalmeum_active_requests", "Requests at work.", registry=registry)

    def request(self, path: str, status: int, seconds: float) -> None:
        self._requests.labels(path, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def batch(self, model: str, pairs: int, seconds: float) -> None:
        self._pairs.labels(model).inc(pairs)
        self._batches.labels(model).observe(pairs)
        self._scoring.labels(model).inc(seconds)

    def watch(self, model: str, waiting: Callable[[], float]) -> None:
        """Ask for a queue's length whenever metrics are read."""
        self._waiting.labels(model).set_function(waiting)

    def watch_active(self, active: Callable[[], float]) -> None:
        self._active.set_function(active)

    def text(self) -> bytes:
        return generate_latest(self._registry)
