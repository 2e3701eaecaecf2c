/* links.h - a new working directory that is like the old one
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef TOOLS_PROOF_LINKS_H
#define TOOLS_PROOF_LINKS_H

#include "tools/proof/written.h"

/* Makes the folder, and in it one of the name LINKS_HERE, and goes there.  It has links to all that
 * is in the working directory but what is new of `without` (NULL: nothing), however deep that lies;
 * the one above has links to what is above.  false: errno says why not. */
#define LINKS_HERE "detpipe-here"
bool links_enter(const char *folder, const written *without);

#endif
