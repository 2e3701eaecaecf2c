/* files.h - which pictures there are
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef IO_PICTURES_FILES_H
#define IO_PICTURES_FILES_H

#include "io/pictures/folder.h"

/* Finds the files and their labels; opens none of them. */
dp_status dp_folder_find(dp_folder *, dp_opener *, dp_error *);

#endif
