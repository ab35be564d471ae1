"""Inference of stateful behaviour: the `x-mock` that a document leaves out."""
