// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The books of mirrors as a running proxy's /stats shows them.

internal import TestSupport

/// One book.
struct BookNumbers: Equatable {
    var requests = 0
    var inFlight = 0
    /// Those that there were, by their labels.
    var outcomes: [String: Int] = [:]

    var isBalanced: Bool { outcomes.values.reduce(inFlight, +) == requests }

    /// From `/stats`, by `<route>.<mirror>`.
    static func read(_ statistics: String) -> [String: BookNumbers] {
        var books: [String: BookNumbers] = [:]
        for line in statistics.split(separator: "\n") where line.hasPrefix("mirror.") {
            let parts = line.dropFirst("mirror.".utf8.count).split(separator: ": ", maxSplits: 1)
            guard parts.count == 2, let number = Int(parts[1]) else { continue }
            var words = parts[0].split(separator: ".").map(String.init)
            let name = words.removeLast()
            if words.last == "outcomes" {
                if number != 0 {
                    books[words.dropLast().joined(separator: "."), default: .init()].outcomes[name] = number
                }
            } else if name == "requests" {
                books[words.joined(separator: "."), default: .init()].requests = number
            } else if name == "in_flight" {
                books[words.joined(separator: "."), default: .init()].inFlight = number
            }
        }
        return books
    }
}

extension OperatedProxy {
    func books() async throws -> [String: BookNumbers] {
        BookNumbers.read(try await admin("/stats?filter=mirror").body)
    }

    /// A book as soon as this many requests have an outcome each.
    func book(_ name: String, of requests: Int, within bound: Duration = Patience.usual) async throws -> BookNumbers {
        var book = BookNumbers()
        try await eventually("\(requests) requests with an outcome in \(name)", within: bound) {
            book = try await books()[name] ?? BookNumbers()
            return book.requests == requests && book.inFlight == 0 && book.isBalanced
        }
        return book
    }
}
