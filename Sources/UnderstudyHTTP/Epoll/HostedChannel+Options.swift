// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What handlers may ask of a hosted channel beside reading and writing.

#if os(Linux)
internal import NIOCore

extension HostedChannel {
    func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> EventLoopFuture<Void> {
        eventLoop.makeCompletedFuture(Result { try set(option, value) })
    }

    func getOption<Option: ChannelOption>(_ option: Option) -> EventLoopFuture<Option.Value> {
        eventLoop.makeCompletedFuture(Result { try get(option) })
    }

    var syncOptions: (any NIOSynchronousChannelOptions)? { HostedOptions(channel: self) }

    fileprivate func set<Option: ChannelOption>(_ option: Option, _ value: Option.Value) throws {
        guard !socket.isClosed else { throw ChannelError.ioOnClosedChannel }
        switch value {
        case let value as Bool where option is ChannelOptions.Types.AutoReadOption: setAutoRead(value)
        // For TLS: the library keeps a buffer for as much as was ever read at once.
        case is any RecvByteBufferAllocator: socket.setReadSize(.restrained)
        default: throw ChannelError.operationUnsupported
        }
    }

    fileprivate func get<Option: ChannelOption>(_ option: Option) throws -> Option.Value {
        let value: Any =
            switch option {
            case is ChannelOptions.Types.AutoReadOption: isReading
            case is ChannelOptions.Types.BufferedWritableBytesOption: socket.queuedBytes
            default: throw ChannelError.operationUnsupported
            }
        guard let value = value as? Option.Value else { throw ChannelError.operationUnsupported }
        return value
    }
}

private struct HostedOptions: NIOSynchronousChannelOptions {
    let channel: HostedChannel

    func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) throws {
        try channel.set(option, value)
    }

    func getOption<Option: ChannelOption>(_ option: Option) throws -> Option.Value {
        try channel.get(option)
    }
}
#endif
