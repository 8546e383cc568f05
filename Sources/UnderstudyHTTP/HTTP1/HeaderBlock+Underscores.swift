// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Names with an underscore, which some take for the same as those with a hyphen.

internal import UnderstudyCore

extension HeaderBlock {
    /// Does what the rules say about lines with an underscore in their names.
    ///
    /// - Returns: How many lines are gone.
    mutating func settleUnderscores(_ action: HeadRules.Underscores) throws(MessageFault) -> Int {
        guard action != .allow else { return 0 }
        let arena = bytes
        func isAffected(_ line: HeaderBlock.Line) -> Bool { line.name.contains { arena[$0] == 0x5F } }
        let count = lines.count(where: isAffected)
        guard count > 0 else { return 0 }
        guard action == .drop else { throw .underscore }
        removeLines(where: isAffected)
        return count
    }
}
