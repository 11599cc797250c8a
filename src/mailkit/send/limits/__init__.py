"""How much may go, how fast, and to whom: rules that take values and the instant, and give values.

How to think about it. `Limits` says what is allowed, as the user writes it. `Shaper` turns it into
the tolls that a lane's letters pass, and into room on the way to a provider; it learns from the
answers. A meter gives slots for the tolls (`slots`, proved there), and `fairness` says whose turn it is.
"""
