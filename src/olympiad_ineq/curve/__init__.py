"""Trainings beside `final`: on parts of the data (does more data help?), with other settings, on
other kinds of rows. Each goes through the same train, predict and score rules under its own name.
"""
