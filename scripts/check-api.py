#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright the Understudy authors
"""Checks that api/, but for api/understudy/, is a true subset of Envoy's API.

Every message, enumeration, field, number, type and oneof that api/ keeps has to be Envoy's, and every field and every
value of Envoy that it does not keep has to be reserved by number and name: that is how an unsupported field is told
from a misspelt one. Envoy's descriptors come from the PyPI package xds-protos; ours from the generated
Sources/EnvoyAPI/EnvoyDescriptors.swift.
"""

import argparse
import base64
import importlib
import pathlib
import re
import sys

try:
    from google.protobuf import descriptor_pb2
except ImportError:
    sys.exit("check-api.py needs the PyPI package xds-protos: python3 -m pip install xds-protos")

# Messages of our own, which Envoy does not have.
OURS = "understudy/"
ROOT = pathlib.Path(__file__).resolve().parent.parent
faults = []


def ours():
    """The committed descriptor set, in which enumerations and messages still carry what they reserve."""
    text = (ROOT / "Sources/EnvoyAPI/EnvoyDescriptors.swift").read_text()
    literal = re.search(r'"""\n(.*?)"""', text, re.S).group(1)
    return descriptor_pb2.FileDescriptorSet.FromString(base64.b64decode(re.sub(r"[\s\\]", "", literal)))


def theirs(file):
    module = importlib.import_module(file.name.removesuffix(".proto").replace("/", ".") + "_pb2")
    return descriptor_pb2.FileDescriptorProto.FromString(module.DESCRIPTOR.serialized_pb)


def by_name(items):
    return {item.name: item for item in items}


def check_reserved(path, kept, known, ranges, names, last):
    """Compares what is reserved with what Envoy has beyond the kept (name, number) pairs."""
    missing = known - kept
    numbers = {n for r in ranges for n in range(r.start, r.end + last)}
    if numbers != {number for _, number in missing}:
        faults.append(f"{path}: reserved numbers differ by {sorted(numbers ^ {n for _, n in missing})}")
    if set(names) != {name for name, _ in missing}:
        faults.append(f"{path}: reserved names differ by {sorted(set(names) ^ {n for n, _ in missing})}")


def check_enum(path, mine, real):
    kept = {(v.name, v.number) for v in mine.value}
    known = {(v.name, v.number) for v in real.value}
    for name, number in sorted(kept - known):
        faults.append(f"{path}.{name} = {number}: not in Envoy")
    check_reserved(path, kept, known, mine.reserved_range, mine.reserved_name, last=1)


def oneof(message, field):
    return message.oneof_decl[field.oneof_index].name if field.HasField("oneof_index") else ""


def check_message(path, mine, real):
    known = by_name(real.field)
    for field in mine.field:
        other = known.get(field.name)
        if other is None:
            faults.append(f"{path}.{field.name}: not in Envoy")
            continue
        for what in ("number", "type", "label", "type_name", "json_name"):
            if what == "json_name" and not other.json_name:
                continue
            if getattr(field, what) != getattr(other, what):
                faults.append(f"{path}.{field.name}: {what} {getattr(field, what)}, Envoy {getattr(other, what)}")
        if oneof(mine, field) != oneof(real, other):
            faults.append(f"{path}.{field.name}: oneof {oneof(mine, field)!r}, Envoy {oneof(real, other)!r}")
    kept = {(f.name, f.number) for f in mine.field}
    check_reserved(path, kept, {(f.name, f.number) for f in real.field}, mine.reserved_range, mine.reserved_name, last=0)
    check_types(path, mine.nested_type, by_name(real.nested_type), mine.enum_type, by_name(real.enum_type))


def check_types(path, messages, real_messages, enums, real_enums):
    for message in messages:
        if message.name in real_messages:
            check_message(f"{path}.{message.name}", message, real_messages[message.name])
        else:
            faults.append(f"{path}.{message.name}: not in Envoy")
    for enum in enums:
        if enum.name in real_enums:
            check_enum(f"{path}.{enum.name}", enum, real_enums[enum.name])
        else:
            faults.append(f"{path}.{enum.name}: not in Envoy")


def main():
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    files = [file for file in ours().file if not file.name.startswith(OURS)]
    for file in files:
        real = theirs(file)
        if real.package != file.package:
            faults.append(f"{file.name}: package {file.package}, Envoy {real.package}")
        check_types(
            file.package, file.message_type, by_name(real.message_type), file.enum_type, by_name(real.enum_type)
        )
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(files)} files, {len(faults)} faults", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
