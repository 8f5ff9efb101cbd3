"""Making the offline encoder known to `transformers.AutoModel...`, at no cost to `import dalmeum`.

`transformers` offers no entry points, and registering takes an import of torch. So the classes are registered
when (and only when) a program imports the auto classes: right after, or at once where it has already.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType


def _register_config() -> None:
    from transformers import AutoConfig

    from dalmeum.models.offline.configuration import FirstOfflineConfig, OfflineConfig

    for config in (OfflineConfig, FirstOfflineConfig):
        AutoConfig.register(config.model_type, config, exist_ok=True)


def _register_model() -> None:
    from transformers import AutoModelForSequenceClassification

    from dalmeum.models.offline.modeling import FirstOfflineForPairScoring, OfflineForPairScoring

    _register_config()
    for model in (OfflineForPairScoring, FirstOfflineForPairScoring):
        AutoModelForSequenceClassification.register(model.config_class, model, exist_ok=True)


_AFTER: dict[str, Callable[[], None]] = {
    "transformers.models.auto.configuration_auto": _register_config,
    "transformers.models.auto.modeling_auto": _register_model,
}


class _RegisterAfterImport(importlib.abc.MetaPathFinder):
    """Finds nothing itself: has the real loader of the auto classes call us when it is done."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in _AFTER:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return spec
        loader, register = spec.loader, _AFTER[name]
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            register()

        loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def register_offline() -> None:
    """Register now what is imported already, and the rest as soon as it is."""
    for name, register in _AFTER.items():
        if name in sys.modules:
            register()
    if not any(isinstance(finder, _RegisterAfterImport) for finder in sys.meta_path):
        sys.meta_path.insert(0, _RegisterAfterImport())
