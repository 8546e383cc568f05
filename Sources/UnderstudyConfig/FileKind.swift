// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What stands at a path, found out without opening it: opening a pipe waits until somebody writes into it.
//
// Foundation is here for `FileManager`, whose questions take no unsafe pointer.

import FoundationEssentials

/// What a path leads to, links followed.
enum FileKind {
    case regular
    /// A pipe or the like that the process has inherited, such as `/dev/stdin` or a shell's `<(command)`.
    case openDescriptor
    case nothing
    /// Its target is missing, it is part of a circle, or the row of links is longer than the system follows.
    case brokenLink
    case directory
    case device
    case socket
    case pipe

    init(of path: String) {
        let manager = FileManager.default
        guard manager.fileExists(atPath: path) else {
            let isLink = (try? manager.attributesOfItem(atPath: path)) != nil
            self = isLink ? .brokenLink : .nothing
            return
        }
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        // What exists, but not under the name that its link has, is a descriptor without a name.
        guard let attributes = try? manager.attributesOfItem(atPath: target) else {
            self = .openDescriptor
            return
        }
        self =
            switch attributes[.type] as? FileAttributeType {
            case .typeRegular?: .regular
            case .typeDirectory?: .directory
            case .typeSocket?: .socket
            case .typeCharacterSpecial?, .typeBlockSpecial?: .device
            default: .pipe
            }
    }
}
