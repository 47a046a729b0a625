"""Several models as one, weighted; see `train` and `serve`.

- ``config``: the settings
- ``members``: which members the data can bear, and the settings to try
- ``tuning``: the search for each member's settings
- ``weights``: the search for weights
- ``train``: the fit
- ``serve``: the model
"""

from recommender.ml.models.blend.config import Config
from recommender.ml.models.blend.serve import Blend, load
from recommender.ml.models.blend.train import find, fit

__all__ = ["Blend", "Config", "find", "fit", "load"]
