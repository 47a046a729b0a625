"""Experiments on live traffic: two model runs, users assigned at random.

`docs/evaluation.md` explains what is compared and when to stop.
"""
