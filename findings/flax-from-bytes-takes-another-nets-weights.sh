#!/bin/bash
# flax-from-bytes-takes-another-nets-weights.sh
# SPDX-License-Identifier: Apache-2.0
# What: flax 0.12.8, serialization.to_bytes of the weights of one net, from_bytes with the weights of another as the
#   target: same names, other sizes and types.
# Expected: an error that names the weight and both shapes, as for a name that is missing.
# Seen: no word: the target's structure is filled with arrays of the file's shapes and types, (2, 5) of float16 where
#   (2, 3) of float32 was wanted.
# Why a surprise: the target is there to say what is wanted.  Linen's apply refuses other shapes later, far from the
#   file at fault; a type that differs, and arrays that are no Linen weights (state of an optimizer), it does not see.
# Documented: the docstring of from_bytes (0.12.8) calls target a template object that matches the structure; that
#   of from_state_dict, which it calls, says that the target "lets us add assertions that shapes and dtypes don't
#   change".  There is none: issue #2436 (2022, closed) reports the shapes, pull request #2607 with a check was left
#   open.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv env
env/bin/python -m pip install -q numpy==2.4.6 jax==0.10.2 flax==0.12.8
env/bin/python -W ignore - <<'PYTHON'
import jax
import numpy
from flax import linen, serialization

x = numpy.ones((1, 2), numpy.float32)
made = lambda outputs, seed: linen.Dense(outputs).init(jax.random.key(seed), x)
old = jax.tree_util.tree_map(lambda weight: numpy.asarray(weight, numpy.float16), made(5, 1))
target = made(3, 2)
restored = serialization.from_bytes(target, serialization.to_bytes(old))
shown = lambda tree: {name: (w.shape, str(w.dtype)) for name, w in tree["params"].items()}
print("wanted:  ", shown(target))
print("restored:", shown(restored))
print("kernel alone in Dense(5)'s shape:", restored["params"]["kernel"].shape)
assert restored["params"]["kernel"].shape == (2, 5) and restored["params"]["kernel"].dtype == numpy.float16
try:
    serialization.from_bytes({"params": {"kernel": target["params"]["kernel"], "scale": 1}}, serialization.to_bytes(old))
    raise SystemExit("a missing name is no error any more")
except ValueError as error:
    print("a missing name is an error:", str(error).splitlines()[0][:90])
PYTHON
