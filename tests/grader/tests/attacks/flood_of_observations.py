"""Does what is observed for ever, to use up the judge's memory.

Outcome: fault, output: observations and was stopped
"""

while True:
    with open("x", "w"):
        pass
