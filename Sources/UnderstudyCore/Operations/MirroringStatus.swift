// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the running proxy tells of its mirrors.

/// All mirrors as they are now.
package struct MirroringStatus: Sendable, Equatable {
    /// Something in use and how much of it there may be.
    package struct Budget: Sendable, Equatable {
        package var used: UInt64
        package var most: UInt64

        package init(used: UInt64, most: UInt64) {
            self.used = used
            self.most = most
        }
    }

    /// One book.
    package struct Entry: Sendable, Equatable {
        package var key: MirrorKey
        package var counts: MirrorCounts
        /// Milliseconds from the end of the request to the end of the answer.
        package var primaryTime = HistogramSnapshot(.thousandths)
        package var mirrorTime = HistogramSnapshot(.thousandths)
        /// Neither all mirrors nor this one are switched off.
        package var isEnabled = true

        package init(_ key: MirrorKey, _ counts: MirrorCounts) {
            self.key = key
            self.counts = counts
        }
    }

    /// One cluster that mirrors may send to, with its share of the bytes.
    package struct Cluster: Sendable, Equatable {
        package var name: String
        package var isEnabled = true
        package var bufferedBytes: Budget

        package init(_ name: String, bufferedBytes: Budget) {
            self.name = name
            self.bufferedBytes = bufferedBytes
        }
    }

    /// The switch for all mirrors.
    package var isEnabled = true
    package var copies = Budget(used: 0, most: 0)
    package var bufferedBytes = Budget(used: 0, most: 0)
    package var connections = Budget(used: 0, most: 0)
    /// Sorted by route and mirror.
    package var entries: [Entry] = []
    /// Those that policies name or have sent to, sorted by name.
    package var clusters: [Cluster] = []

    package init() {}
}

package enum MirrorSwitchResult: Sendable, Equatable {
    case switched
    /// It was so already.
    case unchanged
    /// No cluster has the name; those that there are.
    case unknown([String])
}

package protocol MirrorControl: Sendable {
    func mirroring() -> MirroringStatus
    /// From the return on no copy is started, or copies are again.
    ///
    /// - Parameter mirror: The cluster; `nil` for the switch over all, which leaves those of single clusters as they
    ///   are.
    func setMirroring(_ isEnabled: Bool, mirror: String?) async -> MirrorSwitchResult
}
