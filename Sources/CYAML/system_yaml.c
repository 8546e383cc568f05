// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A target needs a file to compile; the library is the system's.

#include "system_yaml.h"
