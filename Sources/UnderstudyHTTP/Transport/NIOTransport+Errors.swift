// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What NIO's errors say of a connection and its end.

internal import NIOCore
internal import NIOPosix

extension NIOTransport {
    /// The system's number; zero for none.
    static func systemError(_ error: any Error) -> CInt {
        switch error {
        case let error as IOError: error.errnoCode
        case let error as NIOConnectionError: error.connectionErrors.first.map { systemError($0.error) } ?? 0
        default: 0
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
