// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the running proxy tells of its mirrors.

/// All mirrors as they are now.
public struct MirroringStatus: Sendable, Equatable {
    /// Something in use and how much of it there may be.
    public struct Budget: Sendable, Equatable {
        public var used: UInt64
        public var most: UInt64

        public init(used: UInt64, most: UInt64) {
            self.used = used
            self.most = most
        }
    }

    /// One book.
    public struct Entry: Sendable, Equatable {
        public var key: MirrorKey
        public var counts: MirrorCounts
        /// Milliseconds from the end of the request to the end of the answer.
        public var primaryTime = HistogramSnapshot(.thousandths)
        public var mirrorTime = HistogramSnapshot(.thousandths)
        /// Neither all mirrors nor this one are switched off.
        public var isEnabled = true

        public init(_ key: MirrorKey, _ counts: MirrorCounts) {
            self.key = key
            self.counts = counts
        }
    }

    /// One cluster that mirrors may send to, with its share of the bytes.
    public struct Cluster: Sendable, Equatable {
        public var name: String
        public var isEnabled = true
        public var bufferedBytes: Budget

        public init(_ name: String, bufferedBytes: Budget) {
            self.name = name
            self.bufferedBytes = bufferedBytes
        }
    }

    /// The switch for all mirrors.
    public var isEnabled = true
    public var copies = Budget(used: 0, most: 0)
    public var bufferedBytes = Budget(used: 0, most: 0)
    public var connections = Budget(used: 0, most: 0)
    /// Sorted by route and mirror.
    public var entries: [Entry] = []
    /// Those that policies name or have sent to, sorted by name.
    public var clusters: [Cluster] = []

    public init() {}
}

public enum MirrorSwitchResult: Sendable, Equatable {
    case switched
    /// It was so already.
    case unchanged
    /// No cluster has the name; those that there are.
    case unknown([String])
}

public protocol MirrorControl: Sendable {
    func mirroring() -> MirroringStatus
    /// From the return on no copy is started, or copies are again.
    ///
    /// - Parameter mirror: The cluster; `nil` for the switch over all, which leaves those of single clusters as they
    ///   are.
    func setMirroring(_ isEnabled: Bool, mirror: String?) async -> MirrorSwitchResult
}
