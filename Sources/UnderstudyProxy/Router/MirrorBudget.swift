// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How much memory mirrors may hold, so that a slow one costs itself and nobody else.

internal import UnderstudyCore

package final class MirrorBudget: Sendable {
    /// Bytes that one copy may hold for a mirror that does not take them.
    ///
    /// Default 4 MiB.
    package let bytesPerCopy: Int
    /// Bytes that all copies together may hold.
    ///
    /// Default 64 MiB.
    package let bytesInTotal: Int
    private let held = Gauge()

    package init(bytesPerCopy: Int = 4 << 20, bytesInTotal: Int = 64 << 20) {
        self.bytesPerCopy = bytesPerCopy
        self.bytesInTotal = bytesInTotal
    }

    /// Bytes held now by all copies on all workers.
    package var heldBytes: Int { held.current }

    /// A copy's holding changed.
    ///
    /// - Returns: Whether it may go on.
    func update(from old: Int, to new: Int) -> Bool {
        let total = old == new ? held.current : held.add(new - old)
        return new <= bytesPerCopy && (total <= bytesInTotal || new <= old)
    }
}
