// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How a socket comes to an upstream, or fails to.

#if os(Linux)
internal import NIOCore

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// One that is under way.
struct ConnectAttempt {
    let promise: EventLoopPromise<Void>
    /// Ends it when it takes too long.
    var timeout: Scheduled<Void>?
}

extension EpollSocket {
    /// May be called again after it has failed.
    ///
    /// - Returns: Fails with `IOError`, or if the socket is closed before it is connected.
    func connect(to address: SocketAddress, _ options: SocketOptions) -> EventLoopFuture<Void> {
        let promise = loop.makePromise(of: Void.self)
        attempt = ConnectAttempt(promise: promise)
        phase = .connecting
        remoteAddress = address
        let code = open(address, options)
        if code != 0 {
            stopConnecting(IOError(errnoCode: code, reason: "connect"))
        } else {
            let time = options.connectTimeout
            attempt?.timeout = loop.assumeIsolated().scheduleTask(in: time) {
                self.stopConnecting(ChannelError.connectTimeout(time))
            }
        }
        return promise.futureResult
    }

    /// - Returns: The error's number.
    private func open(_ address: SocketAddress, _ options: SocketOptions) -> CInt {
        descriptor = SystemSocket.open(address)
        guard descriptor >= 0 else { return -descriptor }
        options.apply(to: descriptor)
        let code = SystemSocket.beginConnecting(descriptor, to: address)
        guard code == 0 || code == -EINPROGRESS else { return -code }
        switch loop.add(self, descriptor) {
        case .success(let token): self.token = token
        case .failure(let error): return error.errnoCode
        }
        return 0
    }

    /// The system says that there is a connection, or why not.
    func finishConnecting() {
        let code = SystemSocket.error(descriptor)
        guard code == 0 else { return stopConnecting(IOError(errnoCode: code, reason: "connect")) }
        phase = .connected
        endAttempt(nil)
        owner?.socketConnected()
    }

    func stopConnecting(_ error: any Error) {
        let owner = self.owner
        let attempt = self.attempt
        self.attempt = nil
        close()
        owner?.socketCouldNotConnect()
        attempt?.end(error)
    }

    /// - Parameter error: `nil` if it is connected.
    func endAttempt(_ error: (any Error)?) {
        let attempt = self.attempt
        self.attempt = nil
        attempt?.end(error)
    }
}

extension ConnectAttempt {
    fileprivate func end(_ error: (any Error)?) {
        timeout?.cancel()
        if let error { promise.fail(error) } else { promise.succeed() }
    }
}
#endif
