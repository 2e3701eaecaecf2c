# detpipe.lint - what in a Python script makes two runs of it differ
# SPDX-License-Identifier: Apache-2.0
"""The steps of MindSpore's guide on fixed randomness, looked for in the syntax tree of training scripts: nothing of them
is imported or run, and nothing but Python's own library is needed.

    python3 -m detpipe.lint train.py      (detpipe lint train.py has these files inside)

source.py reads scripts, notebooks and folders; walk.py follows a program from its first line, calls into its own
functions with it, and keeps what it sees: seeds, draws, calls that a row of the tables names.  The tables are one file
a framework: a construct is a row.  program.py judges what only the whole can tell: no seed, a seed that comes late."""
