// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A mirror's book as one worker writes it.

internal import UnderstudyCore

/// A class, so that handing one on costs one reference.
final class MirrorLedger: Sendable {
    let book: MirrorBook
    /// The worker's part of the book.
    let tally: MirrorTally

    init(_ book: MirrorBook, worker: Int) {
        self.book = book
        tally = book.tallies[worker]
    }
}
