"""What the main process and a worker say to each other, one byte each."""

READY, CLOSING, DRAIN, RETIRE = b"R", b"C", b"D", b"T"
