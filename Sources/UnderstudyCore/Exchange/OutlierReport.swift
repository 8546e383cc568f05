// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What one try has shown of its endpoint.

public enum OutlierReport: Sendable, Equatable {
    /// A final answer's status.
    case answered(status: Int)
    /// The failure is the proxy's own finding: no connection, a reset, a timeout.
    case failed(UpstreamFailure)
    /// There is a connection, new or kept; ends a row of failures to connect.
    ///
    /// Once for each try, before anything else is known of it.
    case connected
}
