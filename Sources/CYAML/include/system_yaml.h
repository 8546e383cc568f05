// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// libyaml, which no Swift module of the system exports.

#ifndef UNDERSTUDY_SYSTEM_YAML_H
#define UNDERSTUDY_SYSTEM_YAML_H

#include <yaml.h>

#endif
