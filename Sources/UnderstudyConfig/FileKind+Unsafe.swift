// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What stands at a path, found out without opening it: opening a pipe waits until somebody writes into it.
//
// Unsafe because POSIX fills C structures; none of its pointers is kept.

internal import Glibc

/// What a path leads to, links followed.
enum FileKind: Equatable {
    /// - Parameter size: In bytes.
    case regular(size: Int)
    /// A pipe that the process has inherited, such as `/dev/stdin` or a shell's `<(command)`.
    case openDescriptor
    case nothing
    /// Its target is missing, it is part of a circle, or the row of links is longer than the system follows.
    case brokenLink
    case directory
    case device
    case socket
    case pipe

    init(of path: String) {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else {
            self = unsafe lstat(path, &facts) == 0 ? .brokenLink : .nothing
            return
        }
        self =
            switch facts.st_mode & S_IFMT {
            case S_IFREG: .regular(size: Int(facts.st_size))
            case S_IFDIR: .directory
            case S_IFCHR, S_IFBLK: .device
            case S_IFSOCK: .socket
            default: Self.hasName(path) ? .pipe : .openDescriptor
            }
    }

    /// What exists, but not under the name that its link has, is a descriptor without a name.
    private static func hasName(_ path: String) -> Bool {
        guard let name = unsafe realpath(path, nil) else { return false }
        unsafe free(name)
        return true
    }
}
