// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where names are resolved: a name server that does not answer keeps a thread until the system gives up.

internal import NIOPosix

/// Names of mirrors have threads of their own, so that those nobody answers for never hold up the names that clients
/// depend on.
public struct ResolverThreads: Sendable {
    private let clients: NIOThreadPool
    private let mirrors: NIOThreadPool

    /// - Parameter each: Names of either kind that are asked for at a time; more wait for their turn.
    public init(each: Int = 2) {
        clients = NIOThreadPool(numberOfThreads: each)
        mirrors = NIOThreadPool(numberOfThreads: each)
        clients.start()
        mirrors.start()
    }

    func pool(for cluster: SharedCluster) -> NIOThreadPool { cluster.servesClients ? clients : mirrors }

    /// Returns at once: a thread may still be waiting for a name server.
    public func shutDown() {
        clients.shutdownGracefully { _ in }
        mirrors.shutdownGracefully { _ in }
    }
}
