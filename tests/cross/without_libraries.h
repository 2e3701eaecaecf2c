/* without_libraries.h - whether something was asked of zlib, libpng, libjpeg, liblz4 or libsqlite3
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TESTS_CROSS_WITHOUT_LIBRARIES_H
#define TESTS_CROSS_WITHOUT_LIBRARIES_H

#include <stdbool.h>

extern bool library_missed; /* since somebody cleared it */

#endif
