/* folder.h - a folder of pictures: which they are, and what is read of them
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_PICTURES_FOLDER_H
#define IO_PICTURES_FOLDER_H

#include <stdatomic.h>

#include "base/picture/picture.h"
#include "base/sniff.h"
#include "io/reader.h"

typedef enum dp_on_error { DP_ON_ERROR_FAIL, DP_ON_ERROR_SKIP } dp_on_error;

/* Of a text: png_folder has the first five. */
typedef struct dp_folder_params {
    const char *dataset_dir, *list;
    int64_t channels, num_classes;
    const char *classes;
    bool decode;
    int32_t decoder, orientation, on_error;
    const char *extensions; /* NULL or "" = the reader's own */
    int32_t unlisted;       /* dp_on_error: of folders that `classes` does not name */
} dp_folder_params;

#define DP_FOLDER_PARAMS                                                                           \
    DP_TEXT(dp_folder_params, dataset_dir, ".",                                                    \
            "folder of the class folders, or of the list's paths"),                                \
        DP_TEXT(dp_folder_params, list, "", "file of lines path,label; \"\" for class folders"),   \
        DP_INT(dp_folder_params, channels, "3", 1, 3, "3 for colours, 1 for gray"),                \
        DP_INT(dp_folder_params, num_classes, "0", 0, 4294967295.0,                                \
               "labels are below it; 0: the number of class folders, the largest label of a list " \
               "+ 1"),                                                                             \
        DP_LONG_TEXT(dp_folder_params, classes, "",                                                \
                     "names of the class folders, of label 0 on; \"\": those found, in byte "      \
                     "order")

/* What a reader's row makes of them. */
typedef struct dp_folder_kind {
    const char *name;     /* of the reader */
    const char *suffixes; /* of the files that are taken, as dp_dir_list has them */
    bool png_only;
} dp_folder_kind;

typedef struct dp_folder_file {
    const char *path;
    uint32_t label, size;   /* size: bytes */
    uint16_t height, width; /* as they are stored */
    uint8_t orientation;    /* of EXIF */
} dp_folder_file;

/* What a picture is known again by; 0 = not known yet. */
typedef struct dp_folder_mark {
    _Atomic uint32_t seen;  /* a hash of its file, once it was read */
    _Atomic uint32_t stamp; /* of the file that was read, or is to be */
} dp_folder_mark;

/* Of one thread at a time. */
typedef struct dp_folder_room {
    _Atomic uint32_t busy; /* 1 = yes: a whole word, which every machine swaps by itself */
    dp_picture_room room;
} dp_folder_room;

typedef struct dp_folder {
    const dp_folder_kind *kind;
    const dp_folder_params *params;
    dp_picture_how how;
    bool decode;           /* a record is pixels, not the bytes of the file */
    dp_folder_mark *marks; /* of each picture */
    dp_folder_room *rooms; /* to decode in, as many as there may be threads that read */
    uint32_t n_rooms;
    dp_folder_file *files;
    uint64_t n, n_classes; /* of files, labels */
    size_t room;
    const char **names; /* of labels, as they are given or found; a list has none to be found */
    uint64_t n_names;
    size_t names_room;
    dp_pictures pictures; /* the least and the most of all, in every way that they can be turned */
    int64_t least[3], most[3]; /* of height, width, channels; or of the bytes of a file */
    dp_sniffed list_kind;      /* for messages */
} dp_folder;

/* What the rows of readers are made of. */
dp_status dp_folder_open(const dp_folder_kind *, const dp_folder_params *, const dp_options *,
                         dp_arena *, dp_source *out, dp_error *);
dp_status dp_folder_read(const void *state, uint64_t record, void *const columns[], dp_error *);
void dp_folder_head(const void *state, uint64_t record, int64_t head[3]);
void dp_folder_shape(const void *state, uint64_t record, uint32_t column, int64_t *shape);
const char *dp_folder_path(const void *state, uint64_t record);
void dp_folder_close(void *state);
dp_status dp_folder_stamp(const void *state, uint64_t *stamp, dp_error *);

#endif
