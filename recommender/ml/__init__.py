"""The recommender's machine learning: arrays and frozen dataclasses in, arrays out.

Nothing in here knows Django, a database or a project model. External ids are int64
primary keys; "dense" ids are positions in the snapshot's sorted id arrays and stay
inside this package.

What the training side calls (a worker; imports torch):

    snapshot = GraphSnapshot.from_ids(...)                      # graph.py
    split = splits.global_time_split(snapshot)                  # splits.py
    evaluation = evaluate.evaluate(["graphsage", "popularity", "co_watch"],
                                   split, seed=0)               # evaluate.py
    evaluate.beats_popularity(evaluation.report, "graphsage")   # the gate
    model = models.fit("graphsage", snapshot, config, progress) # models.py
    models.save(model, folder, metrics=evaluation.report)       # one run, one folder
    models.rebuild(folder, new_folder, snapshot)  # embed and index again, no training

What the serving side calls at request time (numpy, scipy and faiss; never torch):

    model = models.load(folder)             # once per process; raises ArtifactError
    state = history.UserHistory(watched=..., ...)      # newest interactions, by id
    model.recommend(state, k=200, exclude=seen_ids)    # -> Hits(ids, scores); any model
    model.similar(item_id, k=50, exclude=...)          # -> Hits; the Related rail
    model.score_items(state, item_ids)                 # -> float32; NaN where unknown
    model.contributions(state, item_ids)               # -> [Contribution, ...] each
    model.manifest, model.item_ids

and, on models with vectors (``graphsage``), besides:

    vector = model.embed_user(state)                   # (d,) float32
    model.search(vector, k=200, exclude=seen_ids)      # -> Hits
    model.embed_items([ItemFeatures(...)])             # (n, d): a new video, at once
    model.add_items(features), model.remove_items(ids) # delta and tombstones

A loaded model is safe to share between threads.
"""
