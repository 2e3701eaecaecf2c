# setup.py - builds the library with CMake and the module that calls it with cffi
# SPDX-License-Identifier: Apache-2.0
import pathlib, re
from setuptools import setup

root = pathlib.Path(__file__).resolve().parents[2]
version = re.search(r'DETPIPE_VERSION "([^"]+)"', (root / "include/detpipe_base.h").read_text()).group(1)
# cffi keeps to the limited API, so one wheel is for every Python from requires-python on
setup(version=version, cffi_modules=["build_detpipe.py:ffi"], options={"bdist_wheel": {"py_limited_api": "cp39"}})
