"""Takes the processor time and the open files from its parent (`prlimit`).

Outcome: fault, import: PermissionError
Only the kernel stops it.
"""

import os
import resource

resource.prlimit(os.getppid(), resource.RLIMIT_NOFILE, (0, 0))
resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))
