"""Starting an app from a file in a confined child process, talking to it, and seeing what it did."""
