# build_detpipe.py - the C declarations that Python calls, compiled against the headers; library and tool, built by CMake
# SPDX-License-Identifier: Apache-2.0
import os, pathlib, shutil, subprocess, sys
import cffi

NEEDED = "gcc cmake make libpng-dev libjpeg-dev zlib1g-dev liblz4-dev libsqlite3-dev libcjson-dev libxxhash-dev libcurl4-openssl-dev"


def stop(why):
    sys.exit(f"detpipe: {why}\nBuilding from source needs a C compiler, CMake, make, and the headers of libpng, libjpeg, zlib, lz4, SQLite, "
             f"cJSON and xxHash; on Debian: apt-get install {NEEDED}")


def run(*command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if done.returncode != 0:
        stop(f"{' '.join(command[:2])} failed:\n" + "\n".join(done.stdout.splitlines()[-20:]))


root = pathlib.Path(__file__).resolve().parents[2]
build = root / "build-python"
for program in ("cmake", os.environ.get("CC", "cc").split()[0]):
    if shutil.which(program) is None:
        stop(f"{program} is missing")
# without MPI: a wheel is for systems that have another one, or none
run("cmake", "-S", str(root), "-B", str(build), "-DDETPIPE_TESTS=OFF", "-DCMAKE_DISABLE_FIND_PACKAGE_MPI=ON")
run("cmake", "--build", str(build), "--target", "detpipe", "detpipe_tool", "-j2")

ffi = cffi.FFI()
ffi.cdef("""
typedef int... dp_status;
typedef int... dp_dtype;
#define DP_OK ...
#define DP_END ...
#define DP_ESTATE ...
#define DP_STATE_SIZE ...
typedef struct { dp_status status; uint32_t column; int64_t record; char message[240]; ...; } dp_error;
typedef struct { void *data; dp_dtype dtype; int32_t rank; int64_t shape[8]; } dp_tensor;
typedef struct { size_t size; const char *root; uint32_t threads; uint32_t prefetch; uint64_t memory; const char *cache; ...; } dp_options;
typedef struct { uint8_t bytes[64]; } dp_state;
typedef struct dp_pipeline dp_pipeline;
typedef struct dp_batch dp_batch;
dp_status dp_open(dp_pipeline **, const char *, uint64_t, const dp_options *, dp_error *);
void dp_close(dp_pipeline *);
const char *dp_spec(const dp_pipeline *);
void dp_fingerprint(const dp_pipeline *, uint8_t[16]);
const char *dp_column_name(const dp_pipeline *, size_t);
dp_status dp_next(dp_pipeline *, dp_batch **, dp_error *);
const dp_tensor *dp_batch_get(const dp_batch *, const char *);
void dp_batch_digest(const dp_batch *, uint8_t[16]);
uint64_t dp_tell(const dp_pipeline *);
uint64_t dp_length(const dp_pipeline *);
dp_status dp_seek(dp_pipeline *, uint64_t, dp_error *);
dp_status dp_get_state(dp_pipeline *, dp_state *, dp_error *);
dp_status dp_set_state(dp_pipeline *, const dp_state *, dp_error *);
dp_status dp_records(dp_pipeline *, uint64_t, int64_t *, size_t, size_t *, size_t *, dp_error *);
size_t dp_draws(dp_pipeline *, uint64_t, size_t, char *, size_t);
dp_status dp_dataset_digest(dp_pipeline *, uint8_t[16], dp_error *);
dp_status dp_dataset_stamp(dp_pipeline *, uint64_t *, dp_error *);
void dp_digest(const void *, size_t, uint8_t[16]);
typedef struct dp_ledger dp_ledger;
dp_status dp_ledger_open(dp_ledger **, const char *, const char *, const dp_options *, dp_error *);
dp_status dp_ledger_tensor(dp_ledger *, const char *, const dp_tensor *, dp_error *);
dp_status dp_ledger_digest(dp_ledger *, const char *, const uint8_t[16], dp_error *);
dp_status dp_tensor_digests(const dp_tensor *, size_t, uint32_t, uint8_t (*)[16], dp_error *);
dp_status dp_ledger_step(dp_ledger *, uint64_t, double, dp_error *);
dp_status dp_ledger_close(dp_ledger *);
const char *dp_status_name(dp_status);
const char *dp_dtype_name(dp_dtype);
size_t dp_dtype_size(dp_dtype);
const char *dp_version(void);
""")
ffi.set_source("detpipe._c", '#include "detpipe.h"\n#include "detpipe_ledger.h"', include_dirs=[str(root / "include")],
               extra_objects=[str(build / "libdetpipe.a")], libraries=["z", "png", "jpeg", "lz4", "sqlite3", "pthread", "m"])
