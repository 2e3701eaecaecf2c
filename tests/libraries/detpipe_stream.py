"""Batches or rows of a detpipe stream through libdetpipe.so, for tests that have no binding."""
import ctypes as C

import numpy as np

NAMES = {1: 'uint8', 2: 'int32', 3: 'int64', 4: 'float32', 5: 'uint32', 6: 'bool', 7: 'int8', 8: 'int16', 9: 'uint16', 10: 'uint64', 11: 'float16', 12: 'float64'}


class Tensor(C.Structure):
    _fields_ = [('data', C.c_void_p), ('dtype', C.c_int), ('rank', C.c_int32), ('shape', C.c_int64 * 8)]


class Error(C.Structure):
    _fields_ = [('status', C.c_int), ('column', C.c_uint32), ('record', C.c_int64), ('message', C.c_char * 240)]


class Options(C.Structure):  # the first members: size says how many
    _fields_ = [('size', C.c_size_t), ('root', C.c_char_p), ('threads', C.c_uint32), ('prefetch', C.c_uint32), ('memory', C.c_uint64)]


class Refused(Exception):
    pass


def load(path):
    lib = C.CDLL(path)
    lib.dp_open.argtypes = [C.c_void_p, C.c_char_p, C.c_uint64, C.c_void_p, C.c_void_p]
    lib.dp_close.argtypes = [C.c_void_p]
    lib.dp_next.argtypes = [C.c_void_p, C.c_void_p, C.c_void_p]
    lib.dp_column_name.restype, lib.dp_column_name.argtypes = C.c_char_p, [C.c_void_p, C.c_size_t]
    lib.dp_batch_get.restype, lib.dp_batch_get.argtypes = C.POINTER(Tensor), [C.c_void_p, C.c_char_p]
    return lib


def array(tensor):
    shape, dtype = tuple(tensor.shape[:tensor.rank]), np.dtype(NAMES[tensor.dtype])
    n = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
    return np.frombuffer(C.string_at(tensor.data, n) if n else b'', dtype).reshape(shape)


def Stream(library, text, seed):
    """Yields dicts of arrays by column; Refused when the text or a record is."""
    lib, error, pipeline, batch = load(library), Error(), C.c_void_p(), C.c_void_p()
    options = Options(size=C.sizeof(Options), threads=1)
    if lib.dp_open(C.byref(pipeline), text.encode(), seed, C.byref(options), C.byref(error)) != 0:
        raise Refused(error.message.decode(errors='replace'))
    try:
        names = []
        while (name := lib.dp_column_name(pipeline, len(names))) is not None:
            names.append(name)
        while (status := lib.dp_next(pipeline, C.byref(batch), C.byref(error))) == 0:
            yield {name.decode(): array(lib.dp_batch_get(batch, name).contents) for name in names}
        if status < 0:
            raise Refused(error.message.decode(errors='replace'))
    finally:
        lib.dp_close(pipeline)
