// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The filter chains of one listener, and which of them a connection gets.

internal import UnderstudyCore
internal import UnderstudyHTTP

/// Immutable.
public final class ListenerChains: Sendable {
    public let listener: SharedListener
    /// In file order; the default one last.
    public let chains: [SharedChain]
    private let table: FilterChainTable
    /// What every connection gets; `nil` if that depends on the connection.
    let only: SharedChain?
    /// The first bytes of a connection say which chain it gets, or which certificate it is shown.
    let inspects: Bool

    init(_ listener: SharedListener, chains: [SharedChain]) {
        self.listener = listener
        self.chains = chains
        table = FilterChainTable(listener.configuration)
        let match = listener.configuration.filterChains.first?.match
        only = chains.count == 1 && match == FilterChainMatch() ? chains[0] : nil
        inspects =
            listener.configuration.inspectsTLS && only == nil
            || chains.contains { $0.tls?.choosesByHello == true }
    }

    /// `nil`: the connection is to be closed.
    func chain(for facts: ConnectionFacts) -> SharedChain? {
        table.chain(for: facts).map { chains[$0] }
    }

    /// What has taken the place of a chain after a reload; `nil` if nothing has.
    func successor(of chain: SharedChain) -> SharedChain? {
        chains.first {
            $0.configuration.name == chain.configuration.name && $0.configuration.match == chain.configuration.match
        }
    }
}
