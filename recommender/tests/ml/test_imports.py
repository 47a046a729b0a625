"""The machine learning imports no framework, and serving a model no torch."""

import pkgutil
import subprocess
import sys
from importlib import import_module

import pytest

import recommender.ml
from recommender.ml.models.registry import MODELS

SERVING = ("data", "store", "evaluation", "ranking", "labels", "experiments")
FRAMEWORKS = ("django", "rest_framework", "neo4j")
IMPORT = """
import sys
from importlib import import_module
for name in sys.argv[1].split(","):
    import_module(name)
loaded = {name.partition(".")[0] for name in sys.modules}
print(*sorted(loaded.intersection(sys.argv[2].split(","))))
"""


def module_names(package):
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    return [module.name for module in found]


def loaded_by(modules, *packages):
    """Which of ``packages`` a fresh process has loaded after importing ``modules``."""
    script = [sys.executable, "-c", IMPORT, ",".join(modules), ",".join(packages)]
    ran = subprocess.run(script, check=True, capture_output=True, text=True)
    return ran.stdout.split()


@pytest.mark.slow
def test_no_module_imports_a_framework():
    modules = module_names(recommender.ml)
    assert "recommender.ml.models.graphsage.train" in modules
    assert loaded_by(modules, *FRAMEWORKS, "torch") == ["torch"]


def test_what_serves_imports_neither_a_framework_nor_torch():
    packages = [import_module(f"recommender.ml.{name}") for name in SERVING]
    modules = [name for package in packages for name in module_names(package)]
    modules += [model.serve.__name__ for model in MODELS.values()]
    assert loaded_by(modules, *FRAMEWORKS, "torch", "torch_geometric") == []
