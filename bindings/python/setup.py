# setup.py - builds library and tool with CMake and the module that calls the library with cffi
# SPDX-License-Identifier: Apache-2.0
import os, pathlib, re
from setuptools import setup
from setuptools.command.build_py import build_py

root = pathlib.Path(__file__).resolve().parents[2]
version = re.search(r'DETPIPE_VERSION "([^"]+)"', (root / "include/detpipe_base.h").read_text()).group(1)


class WithTool(build_py):
    """The tool lies in the package, where auditwheel can say which libraries are its own; `detpipe` of this folder runs it."""
    def run(self):
        super().run()
        to = "." if getattr(self, "editable_mode", False) else self.build_lib
        self.copy_file(str(root / "build-python/detpipe"), os.path.join(to, "detpipe/tool"))


# cffi keeps to the limited API, so one wheel is for every Python from requires-python on
setup(version=version, cffi_modules=["build_detpipe.py:ffi"], scripts=["command/detpipe"], cmdclass={"build_py": WithTool},
      options={"bdist_wheel": {"py_limited_api": "cp39"}})
