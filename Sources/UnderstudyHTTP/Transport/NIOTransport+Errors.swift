// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What NIO's errors say of a connection and its end.

internal import NIOCore
internal import NIOPosix

extension NIOTransport {
    static func connectError(_ error: any Error) -> ConnectError {
        switch error {
        case let error as IOError: .system(error.errnoCode)
        case let error as NIOConnectionError: error.connectionErrors.first.map { connectError($0.error) } ?? .none
        default: .none
        }
    }

    /// A broken pipe while reading means that the peer had closed in an orderly way before it refused what came later.
    static func end(for error: any Error) -> TransportEnd {
        switch error {
        case ChannelError.eof: .closedByPeer
        case let error as IOError where error.errnoCode == BrokenPipe.code: .closedByPeer
        default: .reset
        }
    }
}

/// What was sent last could not be delivered.
struct UndeliveredWrite: Error {}
