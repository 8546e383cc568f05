// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which connections a worker takes over, and what becomes of them until they speak HTTP.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

extension Worker {
    /// Takes over a client connection that was accepted on a listening socket.
    ///
    /// One that comes from a socket that is no longer listened on is closed, as those in the system's queue are.
    ///
    /// - Parameter listener: As the socket was opened for it; a later configuration takes its place.
    func accept(
        _ transport: any ClientTransport,
        on listener: SharedListener,
        remote: SocketAddress?,
        local: SocketAddress?
    ) {
        guard let chains = serving.listener(at: listener.slot), admits(chains.listener) else {
            return transport.close()
        }
        let arrival = Arrival(transport: transport, remote: remote, local: local)
        if chains.inspects {
            transport.attach(InspectedClient(arrival, on: chains.listener, worker: self))
        } else if let chain = chains.only ?? chains.chain(for: ConnectionFacts(arrival)) {
            serve(arrival, by: chain, hello: nil, received: ByteBuffer())
        } else {
            refuse(arrival, on: chains.listener)
        }
    }

    /// The first bytes of a connection have said all that they have to say.
    ///
    /// - Parameter listener: As it was when the connection came.
    func inspected(
        _ arrival: Arrival,
        on listener: SharedListener,
        hello: ClientHello?,
        isTLS: Bool,
        received: ByteBuffer
    ) {
        var facts = ConnectionFacts(arrival)
        // Without the filter, Envoy knows nothing of it either.
        if listener.configuration.inspectsTLS {
            facts.isTLS = isTLS
            facts.serverName = hello?.serverName ?? ""
            facts.applicationProtocols = hello?.applicationProtocols ?? []
            serving.shared.inspections.count(facts)
        }
        guard let chains = serving.listener(at: listener.slot), let chain = chains.chain(for: facts) else {
            return refuse(arrival, on: listener)
        }
        serve(arrival, by: chain, hello: hello, received: received)
    }

    /// There is no filter chain for it.
    private func refuse(_ arrival: Arrival, on listener: SharedListener) {
        listener.statistics.withoutChain.add()
        arrival.transport.close()
        leave(listener)
    }

    private func serve(_ arrival: Arrival, by chain: SharedChain, hello: ClientHello?, received: ByteBuffer) {
        let transport = arrival.transport
        transport.count(in: chain.statistics.server.bytes)
        let link = ClientLink(chain, worker: self, remote: arrival.remote, local: arrival.local)
        if let refusing = link.enter(chain.connectionLimiters, runtime) {
            let delay = TimeAmount(refusing.limit.delay)
            return transport.attach(RefusedClient(transport, link: link, delay: delay, loop: loop))
        }
        guard let tls = chain.tls else { return serve(link, on: transport, received: received) }
        let securable = transport.securable()
        securable.attach(HandshakingClient(securable, link: link, loop: loop))
        securable.secure(tls.makeSession(hello), received: received)
    }

    /// From here on the connection speaks HTTP.
    func serve(_ link: ClientLink, on transport: any ClientTransport, received: ByteBuffer) {
        ServerProtocolPicker.serve(transport, service: link, loop: loop, limits: link.chain.limits)
        if received.readableBytes > 0 { transport.replay(received) }
    }

    /// Whether the process and the listener have a place for another connection, which then is taken.
    ///
    /// - Source: Envoy's order: of all, overload, of the listener.
    private func admits(_ listener: SharedListener) -> Bool {
        let statistics = listener.statistics
        let configuration = listener.configuration
        if !configuration.ignoresGlobalLimit, !clients.enter(runtime) {
            statistics.globalOverflows.add()
            return false
        }
        if overload.contains(.rejectsConnections), !configuration.bypassesOverload {
            statistics.overloadRejects.add()
        } else if !listener.enter(runtime) {
            statistics.overflows.add()
        } else {
            return true
        }
        if !configuration.ignoresGlobalLimit { clients.leave() }
        return false
    }

    /// Gives back what `admits` has taken.
    func leave(_ listener: SharedListener) {
        listener.leave()
        if !listener.configuration.ignoresGlobalLimit { clients.leave() }
        checkDrained()
    }
}

extension ConnectionFacts {
    init(_ arrival: Arrival) {
        self.init()
        (source, sourcePort) = Self.parts(arrival.remote)
        (destination, destinationPort) = Self.parts(arrival.local)
    }

    private static func parts(_ address: SocketAddress?) -> ([UInt8], UInt16) {
        guard let address, let text = address.ipAddress, let number = IPAddress(Array(text.utf8)) else {
            return ([], 0)
        }
        return (number.unmapped.bytes, UInt16(clamping: address.port ?? 0))
    }
}
