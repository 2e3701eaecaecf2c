/* detpipe_base.h - what both planes share: status, errors, tensors, options
 *
 * SPDX-License-Identifier: Apache-2.0
 *
 * Rules for every call of all headers; a call says where it differs.
 *
 * Failure
 * - A fallible call returns a dp_status and, unless it is DP_OK or DP_END, fills the caller's
 *   dp_error (NULL is allowed).  Out-parameters are written on success only.
 * - An open that fails leaves no handle and takes nothing: there is nothing to close.  Another call
 *   that fails leaves its handle open, as it was, and the caller's.
 * - A NULL where one is not allowed, a tensor that has no dtype, rank, sizes or data, a struct with
 *   functions that are NULL: DP_EINVAL with a message.  A getter of a NULL handle (or of a digest's
 *   NULL bytes) gives NULL, 0 or a digest of sixteen zeros, and close does nothing; each of a
 *   getter's out-parameters may be NULL.  A count, size or name out of range is NULL or 0, too.
 * - What is of a size that the caller cannot know is asked for with NULL in its place.  What does
 *   not fit is DP_ELIMIT, and the size is told all the same.
 *
 * Ownership
 * - What a getter points to is its handle's: read it, do not free it; it lives as long as the
 *   handle.  What the caller passes is read within the call and stays his; what an open gets in
 *   dp_options (allocator, log, arrays, readers, group, contexts) must live as long as the handle.
 * - A struct that begins with `size` may grow: set it to sizeof.  The library takes the shorter one
 *   of an older program (what is not there is zero), and the longer one of a newer program as long
 *   as what it does not know is zero (DP_EINVAL names the byte).  Other structs keep their size.
 *
 * Threads
 * - A handle is for one thread at a time and for its own process: a forked child may only close
 *   it.  Two handles share nothing.  The library keeps no global state, never prints or exits.
 * - log and progress are called on the thread of the call, within it.  The allocator, and read of a
 *   reader of the caller's own, are called on the library's threads as well.  None of them may call
 *   the handle that it is called for.
 * - The floating-point environment is saved, set to the default and restored at every call.
 *
 * Units
 * - Shapes are outermost first, sizes are bytes, columns of a text count from 1, everything else
 *   from 0.  Texts are UTF-8 that ends with a NUL.
 */
#ifndef DETPIPE_BASE_H
#define DETPIPE_BASE_H

#include <stddef.h>
#include <stdint.h>

/* Of this header; dp_version() is the library's. */
#define DETPIPE_VERSION "0.1.0"

#define DP_VERSION_MAJOR 0
#define DP_VERSION_MINOR 1
#define DP_VERSION_PATCH 0

/* Raised when every stream changes (part of every fingerprint and state), and when the arithmetic
 * of detpipe-fp/1 does: what was made with one number is refused under another. */
#define DP_STREAM_VERSION  1
#define DP_NUMERIC_VERSION 1

#if defined(__GNUC__)
#define DP_API  __attribute__((visibility("default")))
#define DP_CALL __attribute__((visibility("default"), warn_unused_result))
#else
#define DP_API
#define DP_CALL
#endif

#ifdef __cplusplus
#define DP_BEGIN_DECLS extern "C" {
#define DP_END_DECLS   }
#else
#define DP_BEGIN_DECLS
#define DP_END_DECLS
#endif

DP_BEGIN_DECLS
#define DP_MAX_RANK 8

typedef enum dp_status {
    DP_END = 1, /* the stream is over */
    DP_OK = 0,
    DP_EINVAL = -1, /* the call is wrong: a NULL, a bad option, a tensor of another shape */
    DP_ENOMEM = -2,
    DP_EIO = -3,      /* a file cannot be opened, read or written */
    DP_ECORRUPT = -4, /* a file was read and is not what it should be */
    DP_ESPEC = -5,    /* the text is wrong; dp_error.column says where */
    DP_ESTATE = -6,   /* a state, checkpoint, machine, or file that changed, is not this handle's */
    DP_ELIMIT = -7,   /* past a named limit or dp_options.memory */
    DP_ECANCEL = -8   /* dp_options.progress said so */
} dp_status;

typedef struct dp_error {
    dp_status status;
    uint32_t column; /* in the text that was given, from 1; 0 = no column */
    int64_t record;  /* record number in the data set; -1 = none */
    char message[240];
} dp_error;

typedef enum dp_dtype {
    DP_U8 = 1,
    DP_I32,
    DP_I64,
    DP_F32,
    DP_U32,
    DP_BOOL,
    DP_I8,
    DP_I16,
    DP_U16,
    DP_U64,
    DP_F16,
    DP_F64
} dp_dtype;

/* Elements lie in C order without gaps, in the machine's byte order.  A shape with a 0 has none,
 * and data may be NULL then: {NULL, DP_F32, 1, {0}} is a tensor. */
typedef struct dp_tensor {
    void *data;
    dp_dtype dtype;
    int32_t rank;
    int64_t shape[DP_MAX_RANK];
} dp_tensor;

/* Both are called on any thread, by several at once.  alloc gives NULL when there is no memory;
 * size and align are bytes, align is a power of two; free gets the size that alloc was asked for.
 * Neither function is NULL. */
typedef struct dp_allocator {
    void *ctx;
    void *(*alloc)(void *ctx, size_t size, size_t align);
    void (*free)(void *ctx, void *ptr, size_t size);
} dp_allocator;

/* A column of the reader `memory`; shape[0] = its records.  Its data must stay as it is. */
typedef struct dp_array {
    const char *name;
    dp_tensor tensor;
} dp_array;

/* A column of rows. */
typedef struct dp_column {
    const char *name;
    dp_tensor type; /* of one row; data is NULL */
    uint64_t limit; /* every value is an integer of 0 to limit - 1; 0 = nothing is known */
} dp_column;

/* A reader of the caller's own: a stage of the text by its name, without parameters.  It says what
 * record number so and so is; order, transforms, threads, states and snapshots work on it as on any
 * other, with the same law, as long as
 * - the same record is the same bytes every time, whoever asks, in whichever order;
 * - read may be called by several threads at once, also for one record; it gets memory for one
 *   record, a pointer a column, and fills all of it.  It may block, and fail; it must not call the
 *   pipeline that it reads for. */
typedef struct dp_own_reader {
    size_t size;        /* sizeof(dp_own_reader) */
    const char *name;   /* [a-z][a-z0-9_]*, at most 63; not the name of another stage */
    uint64_t n_records; /* at most 2^48 */
    const dp_column
        *columns; /* of one record, 1 to 8; ends with a NULL name; not read after open */
    void *ctx;
    /* DP_OK, or a failure with its words in the dp_error (never NULL): dp_next tells it with the
     * reader's name and the record; a status that is none counts as DP_EIO.  A value at or above
     * its column's limit is DP_ECORRUPT. */
    dp_status (*read)(void *ctx, uint64_t record, void *const columns[], dp_error *);
    /* A digest of all that the records are made from, for states and dp_dataset_digest.  NULL: each
     * record is read once and hashed when the first of them asks. */
    const uint8_t *identity; /* 16 bytes */
    uint32_t revision;       /* raised when read makes other bytes of the same data */
    /* Where records differ in shape, their column's type has the most of each size, and least[c],
     * of column c, the least (`rank` numbers); NULL there, or for all, where they do not differ.
     * Not read after open.  shape says the sizes of a record, from any thread, without reading it,
     * the same each time; read fills so many elements then. */
    const int64_t *const *least;
    void (*shape)(void *ctx, uint64_t record, size_t column, int64_t *shape);
    /* pictures[c]: column c is uint8 of rank 1, each row the file of a picture, as the stages that
     * decode take it: the least height, width and channels of all, then the most of each.  NULL
     * there, or for all: it holds none. */
    const int64_t *const *pictures;
} dp_own_reader;

/* What cannot change a byte of the result (but for arrays and readers: they are data).  Zero is the
 * default; size = sizeof(dp_options) must be set.  NULL is {.size = sizeof(dp_options), .prefetch =
 * 2}. */
typedef struct dp_options {
    size_t size;
    const char *root;  /* paths of the text are relative to it; NULL = working directory */
    uint32_t threads;  /* worker threads; 0 = one for each CPU of this process */
    uint32_t prefetch; /* batches made ahead; threads=1, prefetch=0 makes no thread at all */
    uint64_t memory;   /* most bytes that the handle may take; 0 = no limit */
    const dp_allocator *alloc;         /* NULL = the C library's; must outlive the handle */
    void (*log)(void *, const char *); /* one line of information, no error, on the thread
                                        * of the call, within it; it begins "warning: " where
                                        * records are left out; NULL = none */
    void *log_ctx;
    const dp_array *arrays;       /* ends with a NULL name; NULL = none; not copied */
    const char *identities;       /* keeps data sets' digests; relative to root */
    uint32_t digests;             /* 1 = batches are digested as they are made, in the cache */
    const struct dp_group *group; /* detpipe_group.h: ranks of a net, an operator; NULL = alone */
    const dp_own_reader *const *readers; /* ends with NULL; NULL = none; what they point to must
                                          * outlive the handle */
    /* Told now and then how far a call is that may take long: `what` is "identity" (the data set is
     * read for its digest), "labels" (an open, for filter, pk_sampler, npy), "pictures" (an open,
     * for folders of them and order=mindspore: their sizes), "shards" (an open: an index of each),
     * "file" (one that is read whole, unpacked or not, or a net that is saved), "tensors" (an open,
     * of .npz), "snapshot write" or "snapshot check"; done <= total, of records, bytes, tensors or
     * blocks.  A call may do one after the other, and several files.  It is called on the thread of
     * the call, within it, and must not use the handle.  Not 0: the call ends with DP_ECANCEL. */
    int (*progress)(void *ctx, const char *what, uint64_t done, uint64_t total);
    void *progress_ctx;
    const char *cpu; /* the instruction set: "scalar", "sse2", "avx2", "avx512", "neon"; NULL = what
                      * the environment variable DETPIPE_CPU says, or the best of this machine */
    /* How files are read whose paths are addresses (docs/remote.md): "headers=FILE timeout=20";
     * NULL = what the environment variable DETPIPE_REMOTE says, or the defaults. */
    const char *remote;
    /* Where is kept what is read of addresses (docs/remote.md): "folder=DIR most=10240"; NULL =
     * what the environment variable DETPIPE_CACHE says, or nowhere. */
    const char *cache;
} dp_options;

/* The typed parameters of a stage, as `detpipe stages` prints them. */
typedef enum dp_param_type {
    DP_PARAM_INT,
    DP_PARAM_NUMBER,
    DP_PARAM_BOOL,
    DP_PARAM_CHOICE,
    DP_PARAM_TEXT,
    DP_PARAM_INTS,
    DP_PARAM_NUMBERS
} dp_param_type;

typedef struct dp_param {
    const char *name;
    dp_param_type type;
    uint32_t offset;           /* private to the library */
    const char *default_value; /* NULL = must be given */
    double min, max;           /* of each number; of the length for a list of texts */
    const char *choices;       /* of DP_PARAM_CHOICE: "constant,edge" */
    const char *help;
} dp_param;

/* A row of the language: a reader, an order stage, a transform, a layer, ... */
typedef struct dp_stage_info {
    const char *kind, *name, *help;
    uint32_t revision;      /* raised when the stage's bytes change */
    uint32_t size;          /* private to the library: of the parameter struct */
    const dp_param *params; /* ends with a NULL name */
} dp_stage_info;

DP_API const char *dp_version(void);      /* "0.1.0", of the library that runs */
DP_API uint32_t dp_stream_version(void);  /* its DP_STREAM_VERSION */
DP_API uint32_t dp_numeric_version(void); /* its DP_NUMERIC_VERSION */
DP_API const char *dp_status_name(dp_status);
DP_API const char *dp_dtype_name(dp_dtype); /* "uint8", "float32", ...; "?" for no dtype */
DP_API size_t dp_dtype_size(dp_dtype);      /* bytes of an element, 0 for no dtype */

/* XXH3-128 of size bytes, most significant byte first: the digest used everywhere in detpipe.
 * bytes NULL and size not 0: sixteen zeros. */
DP_API void dp_digest(const void *bytes, size_t size, uint8_t digest[16]);

/* Rounding, subnormals, fma, exp, log of this thread as it is set, against detpipe-fp/1, as every
 * open does once it set them.  digest gets the values seen, on failure (DP_ESTATE) too. */
DP_CALL dp_status dp_numeric_check(uint8_t digest[16], dp_error *);
DP_END_DECLS
#endif
