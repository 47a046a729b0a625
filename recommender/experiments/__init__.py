"""Experiments on live traffic: two runs, people assigned at random, an honest reading.

`docs/evaluation.md` says what is compared and when to stop.
"""
