"""Looking over what was done: the history in words, the proof of it, and who looked at whose data.

It stands above the slices whose things the history speaks of, because it says in people's words what they
wrote down in codes. Later 电子监察 joins here: rules over history and clocks.
"""
