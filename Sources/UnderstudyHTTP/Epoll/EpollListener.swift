// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A listening socket on an event loop, which deals what it accepts to the loops of all workers.

#if os(Linux)
internal import NIOCore

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// Loop-bound.
final class EpollListener: EpollSource {
    let localAddress: SocketAddress?
    let gate: AcceptGate
    private let loops: [EpollLoop]
    private let bufferedBytes: Int
    private let accept: ServerListener.Accept
    private var descriptor: CInt
    private var token: UInt64?
    /// The address of every connection's end here; `nil` if that differs.
    private let ownAddress: SocketAddress?
    private var turn = 0
    private var mayAccept = false
    private var isWaiting = false

    private static let backlog: CInt = 4096
    /// Connections accepted in one turn of the loop.
    private static let mostAtOnce = 16

    var loop: EpollLoop { loops[0] }

    /// - Parameter loops: The first one is its own.
    init(
        _ address: SocketAddress,
        loops: [EpollLoop],
        bufferedBytes: Int,
        gate: AcceptGate,
        accept: @escaping ServerListener.Accept
    ) throws {
        self.loops = loops
        self.bufferedBytes = bufferedBytes
        self.gate = gate
        self.accept = accept
        descriptor = SystemSocket.open(address)
        guard descriptor >= 0 else { throw IOError(errnoCode: -descriptor, reason: "socket") }
        SystemSocket.set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
        let code = SystemSocket.beginListening(descriptor, on: address, backlog: Self.backlog)
        localAddress = SystemSocket.localAddress(descriptor)
        ownAddress = localAddress.flatMap { ["0.0.0.0", "::"].contains($0.ipAddress) ? nil : $0 }
        guard code == 0 else {
            SystemSocket.giveBack(descriptor)
            throw IOError(errnoCode: -code, reason: "bind")
        }
        switch loop.add(self, descriptor) {
        case .success(let token): self.token = token
        case .failure(let error):
            SystemSocket.giveBack(descriptor)
            throw error
        }
        gate.changed = { [weak self] in self?.ask() }
    }

    func happened(_ events: EpollEvents) {
        mayAccept = true
        acceptSome()
    }

    func revisited() {
        isWaiting = false
        acceptSome()
    }

    func loopEnded() { close() }

    private func ask() {
        guard gate.isOpen, mayAccept, !isWaiting, token != nil else { return }
        isWaiting = true
        loop.revisit(self)
    }

    private func acceptSome() {
        var left = Self.mostAtOnce
        while mayAccept, gate.isOpen, left > 0, token != nil {
            left -= 1
            let (accepted, peer) = SystemSocket.takeClient(descriptor)
            switch -accepted {
            case ...0: deal(accepted, peer)
            case EAGAIN: mayAccept = false
            // It has gone before it was its turn.
            case ECONNABORTED, EINTR, EPROTO: break
            default: gate.failed(-accepted)
            }
        }
        if left == 0 { ask() }
    }

    private func deal(_ accepted: CInt, _ peer: SocketAddress?) {
        gate.accepted()
        let chosen = loops[turn]
        turn = (turn + 1) % loops.count
        let (accept, bytes, places, own) = (accept, bufferedBytes, gate.places, ownAddress)
        let begin = { @Sendable in
            SocketOptions.sendAtOnce(accepted)
            let socket = EpollSocket(chosen, descriptor: accepted, remoteAddress: peer, readSize: .client)
            socket.setMark(bytes)
            accept(chosen, EpollTransport(socket), peer, own ?? SystemSocket.localAddress(accepted))
            socket.begin(places)
        }
        if chosen === loop { return begin() }
        guard !chosen.executeUnlessEnded(begin) else { return }
        SystemSocket.giveBack(accepted)
        places?.free()
    }

    func close() {
        guard let token else { return }
        self.token = nil
        gate.changed = nil
        loop.remove(token)
        SystemSocket.giveBack(descriptor)
    }
}

@available(*, unavailable)
extension EpollListener: Sendable {}
#endif
