// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The system's calls on sockets, with an error's number as a negative result, as the kernel itself gives it.
//
// Unsafe because they take pointers: each gets a variable or a buffer that outlives the call, and its true size.

#if os(Linux)
internal import CEpoll
internal import NIOCore

#if canImport(Glibc)
internal import Glibc
#else
internal import Musl
#endif

/// Calls on descriptors; none of them waits.
enum SystemSocket {
    private static let stream = CInt(SOCK_STREAM.rawValue) | CInt(SOCK_NONBLOCK.rawValue) | CInt(SOCK_CLOEXEC.rawValue)

    /// - Returns: A descriptor.
    static func open(_ address: SocketAddress) -> CInt {
        result(socket(CInt(address.protocol.rawValue), stream, 0))
    }

    static func giveBack(_ descriptor: CInt) {
        _ = close(descriptor)
    }

    /// - Returns: Zero if it is connected, or `-EINPROGRESS`.
    static func beginConnecting(_ descriptor: CInt, to address: SocketAddress) -> CInt {
        unsafe address.withSockAddr { pointer, size in unsafe result(connect(descriptor, pointer, socklen_t(size))) }
    }

    static func beginListening(_ descriptor: CInt, on address: SocketAddress, backlog: CInt) -> CInt {
        let code = unsafe address.withSockAddr { pointer, size in
            unsafe result(bind(descriptor, pointer, socklen_t(size)))
        }
        return code == 0 ? result(listen(descriptor, backlog)) : code
    }

    /// - Returns: A descriptor, and the peer's address.
    static func takeClient(_ descriptor: CInt) -> (CInt, SocketAddress?) {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let accepted = unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            unsafe system_accept(descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, &size)
        }
        return (result(accepted), accepted < 0 ? nil : address(storage))
    }

    static func localAddress(_ descriptor: CInt) -> SocketAddress? {
        var storage = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let code = unsafe withUnsafeMutableBytes(of: &storage) { bytes in
            unsafe getsockname(descriptor, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress, &size)
        }
        return code == 0 ? address(storage) : nil
    }

    /// `nil` for what is no address of the internet.
    private static func address(_ storage: sockaddr_storage) -> SocketAddress? {
        unsafe withUnsafeBytes(of: storage) { bytes in
            // Safe: the storage has room for any address, and its family says which it is.
            switch CInt(storage.ss_family) {
            case AF_INET: unsafe SocketAddress(bytes.load(as: sockaddr_in.self), host: "")
            case AF_INET6: unsafe SocketAddress(bytes.load(as: sockaddr_in6.self), host: "")
            default: nil
            }
        }
    }

    /// Reads into the room that an empty buffer has.
    ///
    /// - Returns: The bytes that came; zero at the peer's end.
    static func receive(_ descriptor: CInt, into buffer: inout ByteBuffer) -> Int {
        var count = 0
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 1) { room in
            count = unsafe system_receive(descriptor, room.baseAddress, room.count)
            return max(0, count)
        }
        return count
    }

    /// - Returns: The bytes that were taken.
    static func write(_ descriptor: CInt, _ buffer: ByteBuffer) -> Int {
        unsafe buffer.withUnsafeReadableBytes { bytes in
            unsafe system_send(descriptor, bytes.baseAddress, bytes.count)
        }
    }

    /// Sends the first of some buffers in one call.
    ///
    /// - Parameter count: At most 64.
    /// - Returns: The bytes that were taken.
    static func write(_ descriptor: CInt, _ count: Int, _ buffer: (Int) -> ByteBuffer) -> Int {
        unsafe withUnsafeTemporaryAllocation(of: iovec.self, capacity: count) { vectors in
            for index in 0..<count {
                // Safe: whoever calls keeps the buffers, and so the memory that they share with these copies.
                let bytes = unsafe buffer(index).withUnsafeReadableBytes { unsafe $0 }
                unsafe vectors[index] = iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress),
                    iov_len: bytes.count
                )
            }
            var message = unsafe msghdr()
            unsafe message.msg_iov = vectors.baseAddress
            unsafe message.msg_iovlen = numericCast(count)
            return unsafe result(sendmsg(descriptor, &message, CInt(MSG_NOSIGNAL)))
        }
    }

    /// The peer sees the end; what it says is still read.
    static func endWriting(_ descriptor: CInt) {
        _ = shutdown(descriptor, CInt(SHUT_WR))
    }

    /// What has gone wrong with a connection; zero for nothing.
    static func error(_ descriptor: CInt) -> CInt {
        var code: CInt = 0
        var size = socklen_t(MemoryLayout<CInt>.size)
        return unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
    }

    static func set(_ descriptor: CInt, _ level: CInt, _ option: CInt, _ value: CInt) {
        var value = value
        // Failing leaves the system's own value, with which everything works, too.
        _ = unsafe setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<CInt>.size))
    }

    /// Closing it resets the connection.
    static func resetOnClose(_ descriptor: CInt) {
        // Failing means that there is no connection any more.
        _ = system_reset_on_close(descriptor)
    }

    private static func result(_ value: CInt) -> CInt { value < 0 ? -errno : value }

    private static func result(_ value: Int) -> Int { value < 0 ? -Int(errno) : value }
}
#endif
