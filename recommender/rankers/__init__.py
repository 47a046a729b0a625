"""The ranker that learns from impressions: trained, judged, put into service.

While none serves, reciprocal ranks are fused (`ranking.blend`). See docs/ranking.md.
"""

from recommender.ranking.ranker import Ranker, active

__all__ = ["Ranker", "active"]
