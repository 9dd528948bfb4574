"""Reads what people type into values of `signaling`, or refuses it with a sentence."""
