"""Machine learning, without Django: arrays and dataclasses in, arrays out.

It imports no Neo4j driver and nothing else of the project. External ids are int64
primary keys; "dense" ids are positions in the sorted id arrays of a snapshot, used only
in this package.

- ``data``: the snapshot of the graph, histories, splits, features of videos and texts
- ``store``: artifacts, checkpoints and the vector index, on disk
- ``evaluation``: metrics, intervals, and the evaluation of models on a holdout
- ``train``: the training loop of all networks, in one process or several
- ``models``: the interface (``base``), the ``registry``, and a module or package for
  each model; a package trains in ``train`` (torch) and serves in ``serve``
- ``ranking``: candidates, their fusion and diversity, exploration slots, LambdaRank,
  Thompson sampling, and clusters of interests
- ``labels``: categories and moods of videos without labels
- ``experiments``: interleaving and confidence sequences

A worker trains (this imports torch):

    snapshot = GraphSnapshot.from_ids(...)
    split = splits.global_time_split(snapshot)
    evaluation = evaluate.evaluate(["graphsage", "popularity"], split, seed=0)
    evaluate.beats_popularity(evaluation.report, "graphsage")    # the gate
    model = registry.fit("graphsage", snapshot, config, progress)
    registry.save(model, folder, metrics=evaluation.report)      # one run, one folder
    registry.rebuild(folder, new_folder, snapshot)  # embed and index, without training

A web process serves (numpy, scipy and faiss; never torch):

    model = registry.load(folder)           # once per process; raises ArtifactError
    state = UserHistory(watched=..., ...)   # newest interactions, by external id
    model.recommend(state, k=200, exclude=seen_ids)    # -> Hits(ids, scores)
    model.similar(item_id, k=50, exclude=...)          # -> Hits
    model.score_items(state, item_ids)                 # -> float32; NaN where unknown
    model.contributions(state, item_ids)               # -> [Contribution, ...] each

Models with vectors (`base.FactorModel`) add:

    vector = model.embed_user(state)                   # (d,) float32
    model.search(vector, k=200, exclude=seen_ids)      # -> Hits

Models that can embed new videos (`base.Inductive`) have ``add_items(features)``.

Threads can share a loaded model.
"""
