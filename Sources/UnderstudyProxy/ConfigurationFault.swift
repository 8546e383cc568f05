// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Why a configuration that has been read well cannot be served.

public import UnderstudyHTTP

public enum ConfigurationFault: Error, Sendable, CustomStringConvertible {
    case accessLog(AccessLogFault)
    /// - Parameter owner: Which listener or cluster it belongs to, such as `cluster 'a'`.
    case tls(TLSFault, of: String)

    public var description: String {
        switch self {
        case .accessLog(let fault): fault.description
        case .tls(let fault, let owner): fault.place.isEmpty ? "\(owner): \(fault)" : "\(fault)"
        }
    }
}
