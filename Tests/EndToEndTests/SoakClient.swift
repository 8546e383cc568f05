// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Clients of a soak: good ones, slow ones, ones that pipeline, and ones that leave in the middle of a body.

internal import TestSupport

/// What clients of a soak have done so far.
struct SoakLoad: Sendable {
    var isOver = false
    /// Requests that the proxy has certainly taken, by route.
    var sent: [Int: Int] = [:]
    var faults: [String] = []
}

/// One client, with dice of its own.
struct SoakClient: Sendable {
    enum Kind: CaseIterable, Sendable { case keptAlive, slow, pipelining, leaving }

    let kind: Kind
    let number: Int
    let port: Int
    let routes: Int
    let load: Watched<SoakLoad>
    /// Targets of the requests that the primary has seen the heads of.
    let heads: Watched<Set<String>>

    /// Asks until it is told to stop.
    func run(seed: UInt64) async {
        var dice = SeededGenerator(seed: seed &+ UInt64(number))
        var round = 0
        while !load.current.isOver {
            round += 1
            do {
                let client = try await RawConnection.connect(to: port)
                defer { client.close() }
                try await serve(client, round, &dice)
            } catch {
                load.update { $0.faults.append("\(kind) \(number), round \(round): \(error)") }
                return
            }
        }
    }

    private func serve(_ client: RawConnection, _ round: Int, _ dice: inout SeededGenerator) async throws {
        switch kind {
        case .keptAlive:
            for _ in 0..<20 where !load.current.isOver {
                let route = dice.number(below: routes)
                try await ask(client, route, request(route, dice.chance(percent: 50)))
            }
        case .slow:
            let route = dice.number(below: routes)
            for character in request(route, true).unicodeScalars { try await client.send(String(character)) }
            try await check(client, 0, route)
        case .pipelining:
            let route = dice.number(below: routes)
            try await client.send((0..<4).map { request(route, $0 % 2 == 0) }.joined())
            for index in 0..<4 { try await check(client, index, route) }
        case .leaving:
            let route = dice.number(below: routes)
            let target = "/\(route)/leaves/\(number)/\(round)"
            try await client.send("POST \(target) HTTP/1.1\r\nhost: h\r\ncontent-length: 1000\r\n\r\nhalf")
            try await heads.wait("the head of \(target)", within: .seconds(30)) { $0.contains(target) }
            heads.update { $0.remove(target) }
            note(route)
            if dice.chance(percent: 50) { client.reset() } else { await client.closed() }
        }
    }

    private func request(_ route: Int, _ hasBody: Bool) -> String {
        hasBody
            ? "POST /\(route) HTTP/1.1\r\nhost: h\r\ncontent-length: 10\r\n\r\n0123456789"
            : "GET /\(route) HTTP/1.1\r\nhost: h\r\n\r\n"
    }

    private func ask(_ client: RawConnection, _ route: Int, _ request: String) async throws {
        let before = client.seen.current.completeMessages.count
        try await client.send(request)
        try await check(client, before, route)
    }

    private func check(_ client: RawConnection, _ index: Int, _ route: Int) async throws {
        let answer = try await client.answer(index, within: .seconds(30))
        note(route)
        if answer.status != 200 || answer.body != "ok" { load.update { $0.faults.append("\(kind): \(answer)") } }
    }

    private func note(_ route: Int) {
        load.update { $0.sent[route, default: 0] += 1 }
    }
}
