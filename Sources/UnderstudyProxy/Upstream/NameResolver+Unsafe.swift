// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Names to addresses: all of them, as STRICT_DNS wants, which is more than NIO's own helper gives.
//
// Unsafe because `getaddrinfo` is a C interface. The list it returns is walked once, copied, and freed on every path.

public import NIOCore
public import UnderstudyCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

public struct NameResolver: Sendable {
    /// Addresses given on the command line, which are asked first.
    public var hosts: [String: String]

    public init(hosts: [String: String] = [:]) {
        self.hosts = hosts
    }

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// Every address of the name.
    ///
    /// Blocks: never call it on an event loop.
    public func resolve(
        _ endpoint: SocketEndpoint,
        family: Cluster.DNSFamily
    ) throws(Failure) -> [SocketAddress] {
        let host = hosts[endpoint.host] ?? endpoint.host
        if let literal = try? SocketAddress(ipAddress: host, port: Int(endpoint.port)) { return [literal] }
        let all = try Self.lookUp(host, port: endpoint.port)
        let v4 = all.filter { $0.protocol == .inet }
        let v6 = all.filter { $0.protocol == .inet6 }
        return switch family {
        case .auto: v6.isEmpty ? v4 : v6
        case .v4Preferred: v4.isEmpty ? v6 : v4
        case .v4Only: v4
        case .v6Only: v6
        case .all: v4 + v6
        }
    }

    private static func lookUp(_ host: String, port: UInt16) throws(Failure) -> [SocketAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
        unsafe hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        #else
        unsafe hints.ai_socktype = SOCK_STREAM
        #endif
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(host, String(port), &hints, &list)
        guard status == 0 else {
            throw Failure(description: unsafe String(cString: gai_strerror(status)))
        }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var entry = unsafe list
        while let current = unsafe entry {
            if let address = unsafe Self.address(current.pointee, port: port), !addresses.contains(address) {
                addresses.append(address)
            }
            unsafe entry = current.pointee.ai_next
        }
        return addresses
    }

    private static func address(_ info: addrinfo, port: UInt16) -> SocketAddress? {
        guard let raw = unsafe UnsafeRawPointer(info.ai_addr) else { return nil }
        // Safe: the family says which structure the pointer leads to, and its length was set by the system.
        switch unsafe info.ai_family {
        case AF_INET: return SocketAddress(unsafe raw.loadUnaligned(as: sockaddr_in.self))
        case AF_INET6: return SocketAddress(unsafe raw.loadUnaligned(as: sockaddr_in6.self))
        default: return nil
        }
    }
}
