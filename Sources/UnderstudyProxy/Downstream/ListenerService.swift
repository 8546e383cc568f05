// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A listener as one worker sees it: every request of its connections becomes an exchange.

internal import UnderstudyCore
internal import UnderstudyHTTP

/// Loop-bound.
final class ListenerService: RequestService {
    private let shared: SharedListener
    private unowned let worker: Worker

    init(_ shared: SharedListener, worker: Worker) {
        self.shared = shared
        self.worker = worker
    }

    func makeHandler() -> any RequestHandler {
        shared.requests.add()
        return worker.takeExchange(for: shared)
    }

    var serverName: [UInt8] { shared.serverName }

    var isDraining: Bool { worker.isDraining }

    func connectionOpened(_ connection: HTTP1ServerConnection) {
        worker.connectionOpened(connection)
    }

    func connectionClosed(_ connection: HTTP1ServerConnection) {
        worker.connectionClosed(connection)
    }
}
