"""Running the platform: starting and stopping, seeds, health, backup, the doctor and the test command.

Owns the table `seed_run`. Stands on top of all slices, beside the composition roots.
"""
