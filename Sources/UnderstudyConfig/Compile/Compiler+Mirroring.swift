// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Our own block: what mirrors may take in the whole process, whichever connection manager says it.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

/// The first block of a file.
struct MirroringBlock {
    fileprivate let message: Understudy_Mirroring_V1_Mirroring
    fileprivate let place: Place
    let options: MirroringOptions
}

extension Compiler {
    private typealias Block = Understudy_Mirroring_V1_Mirroring

    /// Takes over a block, unless there is one already.
    ///
    /// - Parameter other: A block before it in the same chain.
    mutating func setMirroring(_ any: Google_Protobuf_Any, at place: Place, after other: Place?) {
        if let other {
            refuse(place, "more than one filter of this type", accepted: "one, such as \(other.position)")
            return
        }
        guard let message: Block = carried(any, at: place) else { return }
        if let mirroring {
            guard mirroring.message != message else { return }
            let text = "differs from the block of another connection manager, while it is for the whole process"
            refuse(place, text, accepted: "the same as \(mirroring.place.position)")
            return
        }
        mirroring = MirroringBlock(message: message, place: place, options: compile(message, at: place.field("value")))
    }

    private mutating func compile(_ message: Block, at place: Place) -> MirroringOptions {
        var options = MirroringOptions()
        options.total = compile(message.total, at: place.field("total"))
        let total = message.total.hasMaxBufferedBytes ? options.total.bufferedBytes : nil
        if let total { options.defaults.bufferedBytes = min(options.defaults.bufferedBytes, total) }
        let defaults = place.field("defaults")
        if !message.defaults.cluster.isEmpty {
            let text = "the defaults are for every cluster"
            refuse(
                defaults.field("cluster"),
                text,
                found: quoted(message.defaults.cluster),
                accepted: "an entry of mirrors"
            )
        }
        options.defaults = compile(message.defaults, over: options.defaults, of: total, at: defaults)
        for (message, place) in zip(message.mirrors, place.field("mirrors").items) {
            let mirror = compile(message, over: options.defaults, of: total, at: place)
            if message.cluster.isEmpty {
                require("cluster", in: place)
                continue
            }
            let name = place.field("cluster")
            checkExists(message.cluster, at: name, "unknown cluster '\(shown(message.cluster))'")
            guard options.clusters.updateValue(mirror, forKey: message.cluster) != nil else { continue }
            refuse(
                name,
                "another entry is for this cluster",
                found: quoted(message.cluster),
                accepted: "one entry each"
            )
        }
        if message.hasClusterHeader {
            options.clusterHeader = compile(message.clusterHeader, at: place.field("cluster_header"))
        }
        if message.hasHops { options.hops = compile(message.hops, at: place.field("hops")) }
        return options
    }

    private mutating func compile(_ message: Block.Total, at place: Place) -> MirroringOptions.Total {
        var total = MirroringOptions.Total()
        if message.hasMaxCopies {
            let copies = UInt64(message.maxCopies.value)
            total.copies =
                number(copies, in: Self.mirrorCounts, at: place.field("max_copies")).map { UInt32($0) } ?? total.copies
        }
        if message.hasMaxConnections {
            let connections = UInt64(message.maxConnections.value)
            total.connections = number(connections, in: Self.mirrorCounts, at: place.field("max_connections")).map {
                UInt32($0)
            }
        }
        if message.hasMaxBufferedBytes {
            let bytes = number(
                message.maxBufferedBytes.value,
                in: Self.mirrorBudgets,
                at: place.field("max_buffered_bytes")
            )
            total.bufferedBytes = bytes ?? total.bufferedBytes
        }
        if message.hasAnswerBytesPerSecond {
            let field = place.field("answer_bytes_per_second")
            let bytes = number(message.answerBytesPerSecond.value, in: Self.mirrorBudgets, at: field)
            total.answerBytesPerSecond = bytes ?? total.answerBytesPerSecond
        }
        return total
    }

    /// - Parameters:
    ///   - inherited: What counts where the message says nothing.
    ///   - total: Bytes of all mirrors together; `nil` if the file does not say.
    private mutating func compile(
        _ message: Block.Mirror,
        over inherited: MirrorOptions,
        of total: UInt64?,
        at place: Place
    ) -> MirrorOptions {
        var options = inherited
        if message.hasMaxBufferedBytes {
            let range = Self.mirrorBudgets.lowerBound...(total ?? Self.mirrorBudgets.upperBound)
            let why = total == nil ? "" : ", the total's max_buffered_bytes"
            let field = place.field("max_buffered_bytes")
            let bytes = number(message.maxBufferedBytes.value, in: range, at: field, why)
            options.bufferedBytes = bytes ?? inherited.bufferedBytes
            let all = MirroringOptions().total.bufferedBytes
            if total == nil, options.bufferedBytes > all {
                warn(field, "more than all mirrors may hold: total.max_buffered_bytes is \(all) by default")
            }
        }
        if message.hasMaxBufferedBytesPerCopy {
            let range = Self.mirrorBudgets.lowerBound...options.bufferedBytes
            let field = place.field("max_buffered_bytes_per_copy")
            let why = ", the mirror's max_buffered_bytes"
            let bytes = number(message.maxBufferedBytesPerCopy.value, in: range, at: field, why)
            options.bufferedBytesPerCopy = bytes ?? inherited.bufferedBytesPerCopy
        } else {
            options.bufferedBytesPerCopy = min(options.bufferedBytesPerCopy, options.bufferedBytes)
        }
        options.limits = limits(message, at: place).merged(over: inherited.limits)
        return options
    }
}

extension Place {
    /// For messages about another place.
    fileprivate var position: String { mark.map { "that in line \($0.line), \(path)" } ?? path }
}
