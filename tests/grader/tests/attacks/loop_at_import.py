"""Never comes to the end of its import.

Outcome: fault, hung: was not ready
"""

while True:
    pass
