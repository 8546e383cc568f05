// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the C library's allocator tells of itself, which no Swift module of the system exports.

#ifndef UNDERSTUDY_ALLOCATOR_H
#define UNDERSTUDY_ALLOCATOR_H

#include <stdint.h>

/// Bytes that were asked for and not given back; zero where the library does not tell.
uint64_t allocator_bytes_in_use(void);

/// Gives free memory back to the system, where the library can.
void allocator_give_back(void);

#endif
