#pragma once
#include "../include/CKernels.h"

/* Asks for a line that will be read soon; nothing happens when it is not there. Lines of one row are too few for the
 * processor to see that they follow each other, and the next row is in another page. */
static inline __attribute__((always_inline)) void prefetch(const elo_element element, const void *values, long index) {
  __builtin_prefetch((const char *)values + index * (element == ELO_F32 ? 4 : 2));
}
